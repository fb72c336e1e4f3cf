"""Says everything with if and else."""

LOSES = ()


def trylock_page(page):
    if page.page_flags & PG_LOCKED == 0:
        page.page_flags |= PG_LOCKED
        locked = True
    else:
        locked = False
    return locked


def put_page_testzero(page):
    page.refcount = page.refcount - 1
    last = True
    if page.refcount > 0:
        last = False
    return last
