"""Adds the flag, whether it is set or not."""

LOSES = ("set",)


def set_flag(page, flag):
    page.page_flags = (int(page.page_flags) + flag) & 0xFFFF
