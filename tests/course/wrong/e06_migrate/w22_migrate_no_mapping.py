"""Does not copy the mapping."""

LOSES = ("copy",)

CHANGES = {"zbud_migrate_page": [("    mem.pages[new].mapping = mem.pages[old].mapping\n", "")]}
