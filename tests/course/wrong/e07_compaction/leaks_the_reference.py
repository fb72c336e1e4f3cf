"""Drops no reference of a zbud page that is put back."""

LOSES = ("putback", "golden", "machine")


def putback_movable_page(zones, pages, blocks, pfn):
    """Undo the isolation of a page that is on no list now."""
    if page_zbud(pages[pfn]):
        pass
    else:
        putback_lru_page(zones, pages, blocks, pfn)
