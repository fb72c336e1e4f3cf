"""Copies and marks the new frame before it finds out whether the page may move."""

LOSES = ("again",)

CHANGES = {
    "zbud_migrate_page": [
        (
            "    if page_count(mem.pages[old]) != expected_references(header):",
            (
                "    copy_highpage(mem.frames, new, old)\n"
                "    if page_count(mem.pages[old]) != expected_references(header):"
            ),
        ),
        (
            (
                "    copy_highpage(mem.frames, new, old)\n"
                "    failed = move_handle(mem, pool, int(header.first_handle), new, old)"
            ),
            "    failed = move_handle(mem, pool, int(header.first_handle), new, old)",
        ),
    ],
}
