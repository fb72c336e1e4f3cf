"""Looks at the count before it is counted down."""

LOSES = ("put", "return")


def put_page_testzero(page):
    last = bool(page.refcount == 0)
    page.refcount -= 1
    return last
