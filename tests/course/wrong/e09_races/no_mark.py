"""Lets every compaction have the page."""

LOSES = ("lists",)


def zbud_isolate_page(mem, pfn):
    page = mem.pages[pfn]
    if not page_zbud(page):
        return False
    get_page(page)
    return True
