/* What ../compaction.h needs of struct page and the zone, with numbers. */
#ifndef COMPACTION_ALIKE_H
#define COMPACTION_ALIKE_H

#include "zbud.h"

#define INACTIVE_ANON (MAX_ORDER * MIGRATE_TYPES)
#define ACTIVE_ANON (INACTIVE_ANON + 1)
#define MIGRATEPAGES (INACTIVE_ANON + 2)
#define FREEPAGES (INACTIVE_ANON + 3)

#define page(pfn) (pages + (pfn))
#define page_list(list) ((uint32_t)zone->list_heads + (list))
#define page_list_add(pfn, list) list_add(pages, LRU, pfn, page_list(list))
#define page_list_del(pfn) list_del(pages, LRU, pfn)
#define page_list_empty(list) list_empty(pages, LRU, page_list(list))
#define page_list_first(list) ((long)pages[page_list(list)].next[LRU])
#define page_list_next(pfn) ((long)pages[pfn].next[LRU])
#define page_list_ends(pfn, list) ((pfn) == page_list(list))
#define block_skip(pfn) blocks[(pfn) >> zone->pageblock_order].skip
#define set_block_skip(pfn) (block_skip(pfn) = 1)
#define set_block_type(pfn, type) (blocks[(pfn) >> zone->pageblock_order].migratetype = (type))
#define block_order(pfn) pages[pfn].order
#define take_free_block(pfn, order) del_page_from_free_list(pfn, order)
#define prep_isolated_page(pfn) prep_new_page(pfn, 0, MOVABLE)
#define put_page_at(pfn) put_page(pfn)
#define nr_anon(list) (*((list) == ACTIVE_ANON ? &zone->nr_active_anon : &zone->nr_inactive_anon))

ALWAYS int move_zbud_page(long new, long old, int shift)
{
	long ahead = pages[old].next[LRU];

	if (ahead < zone->spanned_pages)
		__builtin_prefetch(rows + (ahead << shift));
	return locked_zbud_migrate_page(new, old, shift, true);
}

#include "../compaction.h"

#endif
