"""zsmalloc keeps its reference of the old page."""

LOSES = ("migrate",)

CHANGES = {"zs_page_migrate": [("    page.refcount -= 1\n", "")]}
