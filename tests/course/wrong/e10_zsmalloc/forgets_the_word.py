"""Counts the pages without the word in front of each object."""

LOSES = ("pages",)

CHANGES = {"pages_for_objects": [("size + 8 - 32", "size - 32")]}
