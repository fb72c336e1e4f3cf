"""Does not tell the new page which pool it is of; in the machine it is pool 0 all the same."""

LOSES = ("copy", "handles")

CHANGES = {
    "zbud_migrate_page": [("    mem.pages[new].private = mem.pages[old].private", "")],
}
