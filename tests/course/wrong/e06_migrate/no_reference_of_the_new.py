"""Takes no reference of the new page, which is freed with its objects."""

LOSES = ("handle", "golden", "machine")

CHANGES = {
    "move_handle": [("    get_page(mem.pages[new])", "")],
}
