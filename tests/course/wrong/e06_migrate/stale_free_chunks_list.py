"""Leaves the old page on the list of its free chunks."""

LOSES = ("lists",)

CHANGES = {
    "zbud_migrate_page": [("    list_replace(mem.rows, BUDDY, old_row, new_row)", "")],
}
