"""Refuses a whole page."""

LOSES = ("malloc",)

CHANGES = {"zs_malloc": [("size > ZS_MAX", "size >= ZS_MAX")]}
