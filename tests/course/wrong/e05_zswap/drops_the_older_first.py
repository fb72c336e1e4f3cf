"""Drops the older entry before it knows whether the new page can be stored."""

LOSES = ("store", "golden")

CHANGES = {
    "store_entry": [
        (
            "    failed = store_object(entries[number], data, which, length, *machine)",
            (
                "    zswap_invalidate_page(slot, *machine)\n"
                "    failed = store_object(entries[number], data, which, length, *machine)"
            ),
        )
    ],
}
