"""Counts zspages, not pages."""

LOSES = ("pages",)

CHANGES = {"pages_for_objects": [("return zspages * pages", "return zspages")]}
