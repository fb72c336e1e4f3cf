"""Leaves the handle"s reference with the old page, which is never freed."""

LOSES = ("handle",)

CHANGES = {
    "move_handle": [("    mem.pages[old].refcount -= 1", "")],
}
