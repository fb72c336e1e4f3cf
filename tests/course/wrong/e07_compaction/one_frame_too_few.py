"""Stops one frame early and calls it the end."""

LOSES = ("migrate-scanner",)

CHANGES = {
    "isolate_migratepages_range": [
        (
            "while pfn < end and cc.nr_migratepages < COMPACT_CLUSTER_MAX:",
            "while pfn < end - 1 and cc.nr_migratepages < COMPACT_CLUSTER_MAX:",
        ),
        ("return pfn", "return end"),
    ],
}
