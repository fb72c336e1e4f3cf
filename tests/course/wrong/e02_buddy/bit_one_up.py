"""Turns over the bit of the order above."""

LOSES = ("buddy",)


def buddy_of(pfn, order):
    return pfn ^ (2 << order)
