"""Drops the kept reference first, and asks whether there is one."""

LOSES = ()


def free_after_unmap(mem, number, header, buddy, pfn):
    if kept_until_unmap(header, buddy):
        zbud_put_page(mem, pfn)
    free_buddy(mem, number, pfn, buddy)
