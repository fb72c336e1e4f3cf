"""A second object is written over the first if there is one."""

LOSES = ("alloc",)

CHANGES = {
    "zbud_alloc": [("buddy = LAST if header.first_chunks else FIRST", "buddy = FIRST")],
}
