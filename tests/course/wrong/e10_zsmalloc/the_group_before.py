"""The zspage stays on the list that it was on."""

LOSES = ("malloc",)

CHANGES = {"zs_malloc": [("        fix_fullness_group(mem, pool, zs)\n", "")]}
