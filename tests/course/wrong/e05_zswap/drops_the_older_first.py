"""Drops the older entry before it knows whether the new page can be stored."""

LOSES = ("store",)

CHANGES = {
    "store_entry": [
        (
            "    failed = store_object(mem, mem.entries[number], data, which, length)",
            (
                "    zswap_invalidate_page(mem, slot)\n"
                "    failed = store_object(mem, mem.entries[number], data, which, length)"
            ),
        )
    ],
}
