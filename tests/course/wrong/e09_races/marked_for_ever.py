"""Puts the page back with its mark."""

LOSES = ("lists",)


def zbud_putback_page(mem, pfn):
    return zbud_put_page(mem, pfn)
