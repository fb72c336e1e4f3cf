"""Asks only the fullest group."""

LOSES = ("zspage",)

CHANGES = {"find_get_zspage": [("ZS_EMPTY - 1, -1", "ZS_FULL - 2, -1")]}
