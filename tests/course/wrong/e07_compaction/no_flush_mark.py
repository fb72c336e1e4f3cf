"""Does not mark that the hints may be forgotten."""

LOSES = ("finished",)

CHANGES = {
    "compact_finished": [("        zone.compact_blockskip_flush = 1", "")],
}
