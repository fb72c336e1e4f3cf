"""Allocates from pool 0, whatever pool is asked for."""

LOSES = ("malloc",)

CHANGES = {"zs_malloc": [("mem.pools[number]", "mem.pools[0]")]}
