"""Moves the first handle alone."""

LOSES = ("handles",)

CHANGES = {
    "zbud_migrate_page": [
        ("    failed |= move_handle(mem, pool, int(header.last_handle), new, old)", "")
    ],
}
