"""The handle stays in use."""

LOSES = ("free",)

CHANGES = {"zs_free": [("    cache_free_handle(mem, handle)\n", "")]}
