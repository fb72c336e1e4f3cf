"""A page that lost an object stays on the list it was on."""

LOSES = ("free",)

CHANGES = {
    "free_buddy": [
        ("    list_del(mem.rows, BUDDY, row)", ""),
        (
            "        list_del(mem.rows, LRU, row)",
            "        list_del(mem.rows, BUDDY, row)\n        list_del(mem.rows, LRU, row)",
        ),
        ("    else:\n        add_to_home_list(pool, mem.rows, row)", ""),
    ],
}
