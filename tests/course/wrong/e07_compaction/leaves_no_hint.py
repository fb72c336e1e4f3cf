"""Leaves no hint where there is nothing to move."""

LOSES = ("migrate-scanner",)

CHANGES = {
    "isolate_migratepages_range": [
        (
            (
                "    if pfn == end and cc.nr_migratepages == 0:\n"
                "        skip_for_migration(zone, mem.blocks, cc, start)"
            ),
            "",
        )
    ],
}
