"""Sizes below the smallest place get a negative class."""

LOSES = ("class",)

CHANGES = {
    "get_size_class_index": [("max(0, size - ZS_MIN_ALLOC_SIZE)", "size - ZS_MIN_ALLOC_SIZE")]
}
