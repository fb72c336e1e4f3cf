"""Lets the pair begin where the block does."""

LOSES = ("pair",)


def merged(pfn, order):
    return pfn
