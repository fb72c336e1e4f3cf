"""The object stays counted in its class."""

LOSES = ("free",)

CHANGES = {"zs_free": [("obj_used -= 1", "obj_used -= 0")]}
