"""Goes on until the scanners meet, though the block is there."""

LOSES = ("finished", "golden")

CHANGES = {
    "compact_finished": [("return COMPACT_PARTIAL", "return COMPACT_CONTINUE")],
}
