"""A fresh page is not counted in the pool."""

LOSES = ("alloc",)

CHANGES = {
    "zbud_alloc": [("pool.pages_nr += 1", "pass")],
}
