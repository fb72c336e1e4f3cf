"""Sets the count to 1 in the place of counting."""

LOSES = ("get",)


def get_page(page):
    page.refcount = 1
