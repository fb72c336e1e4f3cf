"""Numbers classes beyond the largest."""

LOSES = ("class",)

CHANGES = {"get_size_class_index": [("min(number, ZS_SIZE_CLASSES - 1)", "number")]}
