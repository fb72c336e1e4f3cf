"""Counts the block that was given out as free."""

LOSES = ("pieces",)


def blocks_left():
    return 11 - number("e02_buddy", "order", STUDENT, 1, 9)
