"""Takes the page that has been on the list longest."""

LOSES = ("hole",)


def find_hole(pool, rows, chunks):
    """The row of the page to put an object of `chunks` chunks into; -1 if no page has room."""
    for free_chunks in range(chunks, NCHUNKS):
        head = pool_list(pool, free_chunks)
        if not list_empty(rows, BUDDY, head):
            return int(rows[head].prev[BUDDY])
    return -1
