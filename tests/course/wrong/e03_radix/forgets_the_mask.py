"""Shifts, but does not mask the levels above away."""

LOSES = ("slot",)


def slot_of(key, level):
    return int(key) >> 6 * level
