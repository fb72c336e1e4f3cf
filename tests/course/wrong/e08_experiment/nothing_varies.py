"""One value of everything: there is nothing to compare."""

LOSES = ("plan",)


def grid():
    return {"movable": True, "percent": [20]}
