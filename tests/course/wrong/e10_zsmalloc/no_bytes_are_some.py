"""Allocates 0 bytes."""

LOSES = ("malloc",)

CHANGES = {"zs_malloc": [("size <= 0", "size < 0")]}
