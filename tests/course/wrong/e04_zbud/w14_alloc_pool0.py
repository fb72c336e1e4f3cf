"""Allocates from pool 0, whatever pool is asked for."""

LOSES = ("alloc",)

CHANGES = {"zbud_alloc": [("mem.pools[number]", "mem.pools[0]")]}
