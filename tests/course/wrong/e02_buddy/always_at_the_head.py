"""Puts every block at the head of its list."""

LOSES = ("give",)

CHANGES = {
    "free_one_page": [
        (
            (
                "    add = list_add_tail if likely_to_merge_soon(mem.pages, pfn, order)"
                " else list_add\n"
                "    add(mem.pages, LRU, pfn, free_list(zone, order, migratetype))"
            ),
            "    list_add(mem.pages, LRU, pfn, free_list(zone, order, migratetype))",
        )
    ],
}
