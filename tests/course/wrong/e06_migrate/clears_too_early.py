"""Clears the old header before it looks there for the handles."""

LOSES = ("handles",)

CHANGES = {
    "zbud_migrate_page": [
        (
            "    failed = move_handle(mem, pool, int(header.first_handle), new, old)",
            (
                "    clear_header(header)\n"
                "    failed = move_handle(mem, pool, int(header.first_handle), new, old)"
            ),
        ),
        ("    clear_header(header)\n    return failed", "    return failed"),
    ],
}
