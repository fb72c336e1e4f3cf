"""Gives the lock to everybody."""

LOSES = ("lock",)


def trylock_page(page):
    set_flag(page, PG_LOCKED)
    return True
