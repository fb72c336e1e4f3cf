"""Takes every flag for the lock."""

LOSES = ("lock",)


def trylock_page(page):
    if page.page_flags:
        return False
    set_flag(page, PG_LOCKED)
    return True
