"""Moves the page under its mapper"s feet."""

LOSES = ("again",)

CHANGES = {
    "zbud_migrate_page": [
        (
            (
                "    if page_count(mem.pages[old]) != expected_references(header):\n"
                "        return -EAGAIN"
            ),
            "",
        )
    ],
}
