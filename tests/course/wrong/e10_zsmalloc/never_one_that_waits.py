"""Leaves an empty zspage alone that waits to be freed."""

LOSES = ("zspage",)

CHANGES = {"find_get_zspage": [("ZS_EMPTY - 1, -1", "ZS_EMPTY, -1")]}
