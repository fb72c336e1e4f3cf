"""Marks the page and takes no reference."""

LOSES = ("reference", "lists")


def zbud_isolate_page(mem, pfn):
    page = mem.pages[pfn]
    if not page_zbud(page) or page.page_flags & PG_ISOLATED:
        return False
    set_flag(page, PG_ISOLATED)
    return True
