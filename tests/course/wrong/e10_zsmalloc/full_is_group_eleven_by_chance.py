"""Does not ask for empty zspages: they are in group 1."""

LOSES = ("group",)

CHANGES = {"get_fullness_group": [("if inuse == 0:", "if False:")]}
