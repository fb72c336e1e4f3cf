"""Never looks for a hole: every object has its own page."""

LOSES = ("alloc",)

CHANGES = {
    "zbud_alloc": [("row = find_hole(pool, mem.rows, chunks)", "row = -1")],
}
