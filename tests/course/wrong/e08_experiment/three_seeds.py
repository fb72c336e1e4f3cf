"""Three machines at each point."""

LOSES = ("plan",)


def seeds():
    return [1, 2, 3]
