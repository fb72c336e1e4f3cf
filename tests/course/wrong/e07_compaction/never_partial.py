"""Goes on until the scanners meet, though the block is there."""

LOSES = ("finished",)

CHANGES = {
    "compact_finished": [("return COMPACT_PARTIAL", "return COMPACT_CONTINUE")],
}
