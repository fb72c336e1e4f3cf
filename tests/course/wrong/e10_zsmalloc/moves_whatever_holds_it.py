"""Moves a page to which others have references."""

LOSES = ("migrate",)

CHANGES = {"zs_page_migrate": [("if page_count(page) != 2:", "if False:")]}
