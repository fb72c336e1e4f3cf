"""Adds the 8 bytes of the word, which the size has already."""

LOSES = ("class",)

CHANGES = {"get_size_class_index": [("size - ZS_MIN_ALLOC_SIZE", "size + 8 - ZS_MIN_ALLOC_SIZE")]}
