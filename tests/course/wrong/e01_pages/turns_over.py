"""Toggles the flag instead of clearing it."""

LOSES = ("clear",)


def clear_flag(page, flag):
    page.page_flags ^= flag
