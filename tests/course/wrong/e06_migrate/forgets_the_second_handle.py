"""Moves the first handle alone."""

LOSES = ("handles", "golden", "machine")

CHANGES = {
    "zbud_migrate_page": [
        ("    failed |= move_handle(pool, nodes, pages, int(header.last_handle), new, old)", "")
    ],
}
