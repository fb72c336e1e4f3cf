"""Looks into pageblocks that a hint says are not worth a look."""

LOSES = ("migrate-scanner",)

CHANGES = {
    "isolate_migratepages_range": [
        (
            (
                "        if not isolation_suitable(zone, mem.blocks, cc, pfn):\n"
                "            pfn = next_pageblock(zone, pfn)\n"
                "            continue"
            ),
            "",
        )
    ],
}
