"""Forgets the reference of the isolation."""

LOSES = ("migrate",)

CHANGES = {"zs_page_migrate": [("!= 2:", "!= 1:")]}
