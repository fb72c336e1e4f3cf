"""The emptiest zspage with an object first, and empty ones last."""

LOSES = ("zspage", "golden", "machine")

CHANGES = {
    "find_get_zspage": [
        (
            "range(ZS_FULL - 1, ZS_EMPTY - 1, -1)",
            "[*range(ZS_ALMOST_EMPTY, ZS_FULL), ZS_EMPTY]",
        )
    ]
}
