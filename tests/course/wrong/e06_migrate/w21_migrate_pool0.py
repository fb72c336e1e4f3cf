"""Looks for every handle in the tree of pool 0."""

LOSES = ("handles",)

CHANGES = {"zbud_migrate_page": [("mem.pools[mem.pages[old].private]", "mem.pools[0]")]}
