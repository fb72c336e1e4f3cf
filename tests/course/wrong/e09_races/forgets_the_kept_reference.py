"""Frees the object after its last unmap, and keeps its reference for ever."""

LOSES = ("mapped", "unmap")


def free_after_unmap(mem, number, header, buddy, pfn):
    free_buddy(mem, number, pfn, buddy)
