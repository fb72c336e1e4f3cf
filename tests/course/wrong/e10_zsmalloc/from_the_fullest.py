"""Takes objects out of the fullest zspage."""

LOSES = ("choice",)

CHANGES = {
    "isolate_source": [("range(ZS_ALMOST_EMPTY, ZS_FULL)", "range(ZS_FULL - 1, ZS_EMPTY, -1)")]
}
