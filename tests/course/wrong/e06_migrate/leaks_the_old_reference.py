"""Leaves the handle"s reference with the old page, which is never freed."""

LOSES = ("handle", "golden", "machine")

CHANGES = {
    "move_handle": [("    mem.pages[old].refcount -= 1", "")],
}
