"""The new page gets no reference of zsmalloc."""

LOSES = ("migrate",)

CHANGES = {"zs_page_migrate": [("    get_page(mem.pages[new])\n", "")]}
