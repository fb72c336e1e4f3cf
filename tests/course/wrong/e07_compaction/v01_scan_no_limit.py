"""Isolates all pages of a pageblock in one round."""

LOSES = ("migrate-scanner",)

CHANGES = {"isolate_migratepages_range": [(" and cc.nr_migratepages < COMPACT_CLUSTER_MAX", "")]}
