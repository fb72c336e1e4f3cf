"""Sets the mark and never looks at it."""

LOSES = ("lists",)


def zbud_isolate_page(mem, pfn):
    page = mem.pages[pfn]
    if not page_zbud(page):
        return False
    set_flag(page, PG_ISOLATED)
    get_page(page)
    return True
