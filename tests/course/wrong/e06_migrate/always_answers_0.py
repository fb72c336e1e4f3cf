"""Answers 0 even where a handle could not be moved."""

LOSES = ("handles",)

CHANGES = {
    "zbud_migrate_page": [("    return failed", "    return 0")],
}
