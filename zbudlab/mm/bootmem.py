"""Boot: hand memory to the page allocator.

All frames start in use. Releasing them is ordinary freeing, in blocks of 2^6 frames, one for each
bit of a machine word.

Source: mm/nobootmem.c, mm/page_alloc.c (v3.12.9).
"""

from zbudlab.jit import kernel
from zbudlab.layout import LRU, MIGRATE_CMA, MIGRATE_MOVABLE, NR_LIST_HEADS
from zbudlab.mm.list_head import init_list_head
from zbudlab.mm.mem import Memory
from zbudlab.mm.page import reset_page_mapcount
from zbudlab.mm.page_alloc import free_one_page, pageblock_nr

BOOT_ORDER = 6


@kernel(inline=False)
def free_area_init(mem):
    """Start with empty lists, all frames in use, all pageblocks movable."""
    zone = mem.zones[0]
    for head in range(zone.list_heads, zone.list_heads + NR_LIST_HEADS):
        init_list_head(mem.pages, LRU, head)
    for pfn in range(zone.list_heads):
        reset_page_mapcount(mem.pages[pfn])
    for block in range(mem.blocks.shape[0]):
        mem.blocks[block].migratetype = MIGRATE_MOVABLE
    zone.compact_cached_migrate_pfn = -1
    zone.compact_cached_free_pfn = -1


@kernel(inline=False)
def free_pages_memory(mem, start, end):
    """Release boot memory [start, end) to the allocator, in blocks of 2^6 where aligned."""
    step = 1 << BOOT_ORDER
    pfn = start
    while pfn < end:
        if pfn % step == 0 and pfn + step <= end:
            free_one_page(mem, pfn, BOOT_ORDER)
            pfn += step
        else:
            free_one_page(mem, pfn, 0)
            pfn += 1


@kernel(inline=False)
def init_cma_reserved_pageblocks(mem, start, end):
    """Release [start, end) as a CMA area, one pageblock at a time, upward."""
    zone = mem.zones[0]
    for pfn in range(start, end, 1 << zone.pageblock_order):
        mem.blocks[pageblock_nr(zone, pfn)].migratetype = MIGRATE_CMA
        free_one_page(mem, pfn, zone.pageblock_order)


def free_all_bootmem(mem: Memory, frames: int, areas: list[tuple[int, int]]) -> None:
    """Release frames 0 to frames - 1 to the page allocator, `areas` of them as CMA.

    areas: ranges (start, end) of whole blocks of the largest order. The memory between them is
    released first. Source: mm/nobootmem.c, mm/page_alloc.c (v3.12).
    """
    start = 0
    for area_start, area_end in [*sorted(areas), (frames, frames)]:
        free_pages_memory(mem, start, area_start)
        start = area_end
    for area_start, area_end in areas:
        init_cma_reserved_pageblocks(mem, area_start, area_end)
