"""Isolates the zspage, as compaction does."""

LOSES = ("zspage",)

CHANGES = {
    "find_get_zspage": [
        ("        if zs:\n", "        if zs:\n            remove_zspage(mem, zs)\n")
    ]
}
