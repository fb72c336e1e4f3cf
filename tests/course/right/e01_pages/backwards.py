"""Copies the last line first, each by way of a variable."""

LOSES = ()


def copy_page(new, old):
    at = len(old)
    while at > 0:
        at -= 64
        line = bytes(old[at : at + 64])
        new[at : at + 64] = line


def get_page(page):
    page.refcount = int(page.refcount) + 1
