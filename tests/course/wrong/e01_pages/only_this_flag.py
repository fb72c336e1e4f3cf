"""Sets the flag and forgets all others."""

LOSES = ("set",)


def set_flag(page, flag):
    page.page_flags = flag
