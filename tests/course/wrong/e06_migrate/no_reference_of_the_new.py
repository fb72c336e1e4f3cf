"""Takes no reference of the new page, which is freed with its objects."""

LOSES = ("handle",)

CHANGES = {
    "move_handle": [("    get_page(mem.pages[new])", "")],
}
