"""Does not count what it isolated."""

LOSES = ("isolate",)

CHANGES = {
    "isolate_movable_page": [("    cc.isolated += 1", "")],
}
