"""Moves a page that has no object left."""

LOSES = ("emptied",)


def must_stay(mem, header):
    return False
