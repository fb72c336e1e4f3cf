"""Leaves the handles in the header of the page that was moved away."""

LOSES = ("handles",)

CHANGES = {
    "zbud_migrate_page": [("    clear_header(header)", "")],
}
