"""Shifts by one bit per level instead of six."""

LOSES = ("slot",)


def slot_of(key, level):
    return int(key) >> level & 63
