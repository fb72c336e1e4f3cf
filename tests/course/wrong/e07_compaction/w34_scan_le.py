"""Isolates one page more than a round may have."""

LOSES = ("migrate-scanner",)

CHANGES = {"isolate_migratepages_range": [("< COMPACT_CLUSTER_MAX", "<= COMPACT_CLUSTER_MAX")]}
