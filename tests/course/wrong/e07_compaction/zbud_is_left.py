"""Never isolates zbud pages, which then block compaction."""

LOSES = ("isolate",)

CHANGES = {
    "isolate_movable_page": [
        (
            (
                "    if page_zbud(mem.pages[pfn]) and zone.zpool_movable:\n"
                "        get_page(mem.pages[pfn])\n"
                "    elif isolate_lru_page(zone, mem.pages, pfn):"
            ),
            "    if isolate_lru_page(zone, mem.pages, pfn):",
        )
    ],
}
