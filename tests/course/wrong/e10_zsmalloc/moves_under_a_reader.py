"""Moves a page while an object is being read."""

LOSES = ("migrate",)

CHANGES = {"zs_page_migrate": [("if mem.zspages[zs].readers:", "if False:")]}
