"""Answers the start of the frame"s own pageblock."""

LOSES = ("block",)


def next_block():
    """The first frame of the next pageblock."""
    pfn = number("e07_compaction", "pfn", STUDENT, 1000, 9999)
    order = number("e07_compaction", "order", STUDENT, 4, 9)
    return pfn >> order << order
