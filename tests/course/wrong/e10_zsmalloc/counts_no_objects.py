"""Does not count the object in its class."""

LOSES = ("malloc",)

CHANGES = {"zs_malloc": [("    size_class.obj_used += 1\n", "")]}
