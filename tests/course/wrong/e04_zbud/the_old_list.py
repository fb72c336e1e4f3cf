"""A page that lost an object stays on the list it was on."""

LOSES = ("free", "golden", "machine")

CHANGES = {
    "free_buddy": [
        ("    list_del(rows, BUDDY, row)", ""),
        (
            "        list_del(rows, LRU, row)",
            "        list_del(rows, BUDDY, row)\n        list_del(rows, LRU, row)",
        ),
        ("    else:\n        add_to_home_list(pool, rows, row)", ""),
    ],
}
