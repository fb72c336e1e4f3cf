"""Rounds the number of the class down: the place is too small."""

LOSES = ("class",)

CHANGES = {"get_size_class_index": [(" + ZS_SIZE_CLASS_DELTA - 1", "")]}
