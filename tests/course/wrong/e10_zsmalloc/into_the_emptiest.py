"""Moves objects into the emptiest zspage."""

LOSES = ("choice",)

CHANGES = {
    "isolate_target": [("range(ZS_FULL - 1, ZS_EMPTY, -1)", "range(ZS_ALMOST_EMPTY, ZS_FULL)")]
}
