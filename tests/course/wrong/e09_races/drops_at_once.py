"""Drops the owner's reference at once, as the series does."""

LOSES = ("mapped", "unmap")


def drop_while_mapped(mem, header, buddy, pfn):
    zbud_put_page(mem, pfn)
