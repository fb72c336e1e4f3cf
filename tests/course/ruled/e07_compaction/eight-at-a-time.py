"""Eight pages a round."""

LOSES = ("migrate-scanner", "golden")

CHANGES = {"isolate_migratepages_range": [("COMPACT_CLUSTER_MAX", "8")]}
