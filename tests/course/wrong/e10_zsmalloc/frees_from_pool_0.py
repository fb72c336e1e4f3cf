"""Fixes the group by the rules of pool 0."""

LOSES = ("free",)

CHANGES = {"zs_free": [("mem.pools[number]", "mem.pools[0]")]}
