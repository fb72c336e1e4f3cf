"""Counts the pages of merged buddies as freed once more."""

LOSES = ("give",)

CHANGES = {
    "free_one_page": [
        (
            (
                "    if migratetype != MIGRATE_ISOLATE:\n"
                "        mod_zone_freepage_state(zone, 1 << order, migratetype)"
            ),
            "",
        ),
        (
            "    mark_free(zone, mem.pages, pfn, order, migratetype)",
            (
                "    if migratetype != MIGRATE_ISOLATE:\n"
                "        mod_zone_freepage_state(zone, 1 << order, migratetype)\n"
                "    mark_free(zone, mem.pages, pfn, order, migratetype)"
            ),
        ),
    ],
}
