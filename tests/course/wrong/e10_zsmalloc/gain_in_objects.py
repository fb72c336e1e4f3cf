"""Counts objects, not pages."""

LOSES = ("gain",)

CHANGES = {"zs_can_compact": [(" // size_class.objs_per_zspage * size_class.pages_per_zspage", "")]}
