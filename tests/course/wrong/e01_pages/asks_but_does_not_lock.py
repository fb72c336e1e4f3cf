"""Says that the page was free, and leaves it unlocked."""

LOSES = ("lock",)


def trylock_page(page):
    return not page.page_flags & PG_LOCKED
