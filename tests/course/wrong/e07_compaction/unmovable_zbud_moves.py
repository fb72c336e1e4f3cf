"""Isolates zbud pages where they were not made movable."""

LOSES = ("isolate",)

CHANGES = {
    "isolate_movable_page": [
        ("if page_zbud(mem.pages[pfn]) and zone.zpool_movable:", "if page_zpool(mem.pages[pfn]):")
    ],
}
