"""Asks one thing at a time, with flags by hand."""

LOSES = ()


def zbud_isolate_page(mem, pfn):
    page = mem.pages[pfn]
    if page.page_flags & PG_ISOLATED:
        return False
    if page_zbud(page):
        page.page_flags |= PG_ISOLATED
        page.refcount += 1
        return True
    return False


def zbud_putback_page(mem, pfn):
    mem.pages[pfn].page_flags -= mem.pages[pfn].page_flags & PG_ISOLATED
    return zbud_put_page(mem, pfn)
