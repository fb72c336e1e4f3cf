"""Gives out a larger block without splitting it."""

LOSES = ("take",)

CHANGES = {
    "rmqueue_smallest": [("            expand(zone, pages, pfn, order, current, migratetype)", "")],
}
