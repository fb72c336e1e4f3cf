"""Leaves an empty page in the pool."""

LOSES = ("free",)

CHANGES = {
    "free_buddy": [
        (
            (
                "    if is_empty(header):\n"
                "        list_del(mem.rows, LRU, row)\n"
                "        pool.pages_nr -= 1\n"
                "    else:\n"
                "        add_to_home_list(pool, mem.rows, row)"
            ),
            "    add_to_home_list(pool, mem.rows, row)",
        )
    ],
}
