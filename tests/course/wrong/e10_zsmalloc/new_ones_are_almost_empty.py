"""A new zspage is in group 1, even if one object fills half of it."""

LOSES = ("malloc",)

CHANGES = {"zs_malloc": [("get_fullness_group(pool, size_class, 1)", "ZS_ALMOST_EMPTY")]}
