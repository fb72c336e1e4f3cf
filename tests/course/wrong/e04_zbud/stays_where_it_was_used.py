"""A page that gets its second object keeps its place on the LRU list."""

LOSES = ("alloc",)

CHANGES = {
    "zbud_alloc": [
        ("        list_del(mem.rows, LRU, row)", ""),
        (
            "    list_add(mem.rows, LRU, row, pool_list(pool, LRU_LIST))",
            "    if fresh:\n        list_add(mem.rows, LRU, row, pool_list(pool, LRU_LIST))",
        ),
    ],
}
