"""The second object of a page takes no reference."""

LOSES = ("alloc",)

CHANGES = {
    "zbud_alloc": [("        get_page(mem.pages[pfn])", "")],
}
