"""Counts zspages, not pages."""

LOSES = ("gain",)

CHANGES = {"zs_can_compact": [(" * size_class.pages_per_zspage", "")]}
