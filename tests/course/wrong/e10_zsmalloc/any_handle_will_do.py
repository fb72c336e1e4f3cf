"""Does not look whether there is such a handle."""

LOSES = ("free",)

CHANGES = {"zs_free": [("if place < 0:", "if False:")]}
