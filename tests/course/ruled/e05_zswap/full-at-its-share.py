"""Full as soon as the share is there."""

LOSES = ("limit", "golden", "machine", "share")

CHANGES = {
    "zswap_is_full": [("100 < zswap", "100 <= zswap")],
    "first_full_size": [("// 100 + 1", "// 100")],
}
