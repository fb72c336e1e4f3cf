"""Leaves the old page on the LRU list."""

LOSES = ("lists",)

CHANGES = {
    "zbud_migrate_page": [("    list_replace(mem.rows, LRU, old_row, new_row)", "")],
}
