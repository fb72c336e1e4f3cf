"""The old page still leads to the zspage."""

LOSES = ("migrate",)

CHANGES = {"zs_page_migrate": [("    page.index = 0\n", "")]}
