"""A page that moved is the newest on both lists."""

LOSES = ("lists", "golden", "machine")

CHANGES = {
    "zbud_migrate_page": [
        (
            "list_replace(mem.rows, LRU, old_row, new_row)",
            "list_del(mem.rows, LRU, old_row)\n"
            "    list_add(mem.rows, LRU, new_row, pool_list(pool, LRU_LIST))",
        ),
        (
            "list_replace(mem.rows, BUDDY, old_row, new_row)",
            "list_del(mem.rows, BUDDY, old_row)\n    add_to_home_list(pool, mem.rows, new_row)",
        ),
    ]
}
