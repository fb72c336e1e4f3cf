"""Puts the new page last on the LRU list."""

LOSES = ("lists",)

CHANGES = {
    "zbud_migrate_page": [
        (
            "    list_replace(mem.rows, LRU, old_row, new_row)",
            (
                "    list_del(mem.rows, LRU, old_row)\n"
                "    list_add_tail(mem.rows, LRU, new_row, pool_list(pool, LRU_LIST))"
            ),
        )
    ],
}
