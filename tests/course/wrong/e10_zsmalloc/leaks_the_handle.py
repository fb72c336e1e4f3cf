"""Keeps the handle if there is no page for a zspage."""

LOSES = ("malloc",)

CHANGES = {"zs_malloc": [("            cache_free_handle(mem, handle)\n", "")]}
