"""Takes the power of two below the number of pages."""

LOSES = ("waste",)


def pages_wasted():
    pages = number("e02_buddy", "pages", STUDENT, 5, 999)
    return pages - (1 << (pages.bit_length() - 1))
