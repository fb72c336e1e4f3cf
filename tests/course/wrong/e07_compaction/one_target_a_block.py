"""Counts a free block as one target, and loses the others."""

LOSES = ("free-scanner",)

CHANGES = {
    "isolate_freepages_block": [
        ("for frame in range(pfn, pfn + taken):", "for frame in range(pfn, pfn + 1):")
    ],
}
