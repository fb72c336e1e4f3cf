"""Shifts by one bit a level in the place of six."""

LOSES = ("slot",)


def slot_of(key, level):
    return int(key) >> level & 63
