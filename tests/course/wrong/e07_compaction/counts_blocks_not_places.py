"""Counts free blocks alone as scanned."""

LOSES = ("free-scanner",)

CHANGES = {
    "isolate_freepages_block": [
        ("        cc.free_scanned += 1", ""),
        (
            "            if not suitable_migration_target(mem, pfn):",
            (
                "            cc.free_scanned += 1\n"
                "            if not suitable_migration_target(mem, pfn):"
            ),
        ),
    ],
}
