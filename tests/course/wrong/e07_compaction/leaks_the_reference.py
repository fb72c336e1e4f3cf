"""Drops no reference of a zbud page that is put back."""

LOSES = ("putback",)


def putback_movable_page(mem, pfn):
    """Undo the isolation of a page that is on no list now."""
    if page_zbud(mem.pages[pfn]):
        pass
    else:
        putback_lru_page(mem, pfn)
