"""A page that moved is the newest on both lists."""

import zbudlab.mm.list_head as lists
import zbudlab.mm.zbud_header as headers

LOSES = ("lists", "golden", "machine")

CHANGES = {
    "zbud_migrate_page": [
        (
            "list_replace(rows, LRU, old_row, new_row)",
            "lists.list_del(rows, LRU, old_row)\n"
            "    lists.list_add(rows, LRU, new_row, headers.pool_list(pool, 0))",
        ),
        (
            "list_replace(rows, BUDDY, old_row, new_row)",
            "lists.list_del(rows, BUDDY, old_row)\n"
            "    headers.add_to_home_list(pool, rows, new_row)",
        ),
    ]
}
