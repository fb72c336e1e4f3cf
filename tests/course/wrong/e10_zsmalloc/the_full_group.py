"""The zspage stays on the list of full ones, and is freed if it is empty."""

LOSES = ("free",)

CHANGES = {
    "zs_free": [
        (
            "if fix_fullness_group(mem, mem.pools[number], zs) == ZS_EMPTY:",
            "if mem.zspages[zs].inuse == 0:",
        )
    ]
}
