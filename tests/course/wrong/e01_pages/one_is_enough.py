"""Sets the count to 1 instead of counting."""

LOSES = ("get",)


def get_page(page):
    page.refcount = 1
