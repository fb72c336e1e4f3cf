"""Leaves an empty zspage on its list."""

LOSES = ("free",)

CHANGES = {"zs_free": [("        free_zspage(mem, number, zs)", "        pass")]}
