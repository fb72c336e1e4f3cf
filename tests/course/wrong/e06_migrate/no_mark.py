"""Does not mark the new page as zbud"s, so that it never moves again."""

LOSES = ("copy",)

CHANGES = {
    "zbud_migrate_page": [("    set_page_zbud(mem.pages[new])", "")],
}
