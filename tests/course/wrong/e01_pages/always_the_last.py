"""Takes every reference for the last."""

LOSES = ("put",)


def put_page_testzero(page):
    page.refcount -= 1
    return True
