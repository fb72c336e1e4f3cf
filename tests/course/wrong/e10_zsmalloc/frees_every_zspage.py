"""Frees a zspage with its first object."""

LOSES = ("free",)

CHANGES = {"zs_free": [("== ZS_EMPTY", "!= ZS_FULL")]}
