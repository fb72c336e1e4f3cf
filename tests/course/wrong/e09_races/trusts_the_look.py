"""Takes a reference of whatever the page is by now."""

LOSES = ("reference",)


def zbud_isolate_page(mem, pfn):
    page = mem.pages[pfn]
    if page.page_flags & PG_ISOLATED:
        return False
    set_flag(page, PG_ISOLATED)
    get_page(page)
    return True
