"""Does not take the source off its list."""

LOSES = ("choice",)

CHANGES = {"isolate_source": [("            remove_zspage(mem, zs)\n", "")]}
