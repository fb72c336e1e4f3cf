"""Does not mark that the hints may be forgotten."""

LOSES = ("finished", "golden")


def compact_finished(zones, pages, control):
    """COMPACT_COMPLETE, COMPACT_PARTIAL or COMPACT_CONTINUE."""
    zone, cc = zones[0], control[0]
    if cc.free_pfn <= cc.migrate_pfn:
        return COMPACT_COMPLETE
    if cc.order == WHOLE_ZONE:
        return COMPACT_CONTINUE
    if not zone_watermark_ok(zones, cc.order, zone.watermark[WMARK_LOW] + (1 << cc.order), 0):
        return COMPACT_CONTINUE
    if block_available(zone, pages, cc.order, cc.migratetype):
        return COMPACT_PARTIAL
    return COMPACT_CONTINUE
