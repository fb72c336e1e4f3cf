"""Breaks nothing, because no page ever moves."""

LOSES = ("emptied",)


def must_stay(mem, header):
    return True
