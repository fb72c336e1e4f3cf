"""Does not tell the new page which pool it is of."""

LOSES = ("copy",)

CHANGES = {
    "zbud_migrate_page": [("    mem.pages[new].private = mem.pages[old].private", "")],
}
