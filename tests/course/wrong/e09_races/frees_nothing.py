"""Drops both references, and leaves the object in its page."""

LOSES = ("mapped", "unmap")


def free_after_unmap(mem, number, header, buddy, pfn):
    zbud_put_page(mem, pfn)
    zbud_put_page(mem, pfn)
