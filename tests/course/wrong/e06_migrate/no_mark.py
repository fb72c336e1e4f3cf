"""Does not mark the new page as zbud"s, so that it never moves again."""

LOSES = ("copy", "handles")

CHANGES = {
    "zbud_migrate_page": [("    set_page_zbud(mem.pages[new])", "")],
}
