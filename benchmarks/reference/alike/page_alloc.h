/* Page frames in blocks of 2^order, as zbudlab/mm/page_alloc.py. */
#ifndef PAGE_ALLOC_H
#define PAGE_ALLOC_H

#include "layout.h"

ALWAYS long free_list(int order, int type)
{
	return zone->list_heads + order * MIGRATE_TYPES + type;
}

ALWAYS int block_type(long pfn)
{
	return blocks[pfn >> zone->pageblock_order].migratetype;
}

ALWAYS bool is_free_block(long pfn, int order)
{
	return pages[pfn].mapcount == BUDDY_MAPCOUNT && pages[pfn].order == order;
}

ALWAYS void mark_free(long pfn, int order, int type)
{
	pages[pfn].mapcount = BUDDY_MAPCOUNT;
	pages[pfn].order = order;
	pages[pfn].migratetype = type;
	zone->nr_free[order]++;
}

ALWAYS void del_page_from_free_list(long pfn, int order)
{
	list_del(pages, LRU, pfn);
	pages[pfn].mapcount = -1;
	zone->nr_free[order]--;
}

ALWAYS void mod_freepage_state(long nr_pages, int type)
{
	zone->nr_free_pages += nr_pages;
	if (type == CMA)
		zone->nr_free_cma += nr_pages;
}

static void free_one_page(long pfn, int order)
{
	int type = block_type(pfn);

	if (type != ISOLATE)
		mod_freepage_state(1L << order, type);
	while (order < MAX_ORDER - 1 && is_free_block(pfn ^ (1L << order), order)) {
		long buddy = pfn ^ (1L << order);

		del_page_from_free_list(buddy, order);
		pfn &= buddy;
		order++;
	}
	mark_free(pfn, order, type);
	long head = free_list(order, type), parent = pfn & ~(1L << order);
	if (order < MAX_ORDER - 2 && is_free_block(parent ^ (1L << (order + 1)), order + 1))
		list_add_tail(pages, LRU, pfn, head);
	else
		list_add(pages, LRU, pfn, head);
}

ALWAYS long take(long pfn, int low, int high, int type)
{
	del_page_from_free_list(pfn, high);
	while (high > low) {
		high--;
		mark_free(pfn + (1L << high), high, type);
		list_add(pages, LRU, pfn + (1L << high), free_list(high, type));
	}
	return pfn;
}

ALWAYS long rmqueue_smallest(int order, int type)
{
	for (int current = order; current < MAX_ORDER; current++)
		if (!list_empty(pages, LRU, free_list(current, type)))
			return take(pages[free_list(current, type)].next[LRU], order, current, type);
	return -1;
}

static long move_freepages_block(long pfn, int type)
{
	long size = 1L << zone->pageblock_order, at = pfn & -size, end = at + size, moved = 0;

	if (end > zone->spanned_pages)
		return 0;
	while (at < end) {
		int order = pages[at].order;

		if (pages[at].mapcount != BUDDY_MAPCOUNT) {
			at++;
			continue;
		}
		list_del(pages, LRU, at);
		list_add(pages, LRU, at, free_list(order, type));
		pages[at].migratetype = type;
		at += 1L << order;
		moved += 1L << order;
	}
	return moved;
}

static void steal(long pfn, int order, int type)
{
	int whole = zone->pageblock_order;
	struct pageblock *block = blocks + (pfn >> whole);

	if (order >= whole)
		for (int i = 0; i < 1 << (order - whole); i++)
			block[i].migratetype = type;
	else if ((order >= whole / 2 || type == RECLAIMABLE) &&
		 move_freepages_block(pfn, type) >= 1L << (whole - 1))
		block->migratetype = type;
}

static long rmqueue_fallback(int order, int start)
{
	static const int fallbacks[3][4] = {
		{ RECLAIMABLE, MOVABLE, RESERVE, RESERVE },
		{ UNMOVABLE, MOVABLE, RESERVE, RESERVE },
		{ CMA, RECLAIMABLE, UNMOVABLE, RESERVE },
	};

	for (int current = MAX_ORDER - 1; current >= order; current--)
		for (const int *type = fallbacks[start]; *type != RESERVE; type++) {
			long head = free_list(current, *type);

			if (list_empty(pages, LRU, head))
				continue;
			long pfn = pages[head].next[LRU];
			if (*type != CMA)
				steal(pfn, current, start);
			return take(pfn, order, current, *type == CMA ? CMA : start);
		}
	return -1;
}

ALWAYS void prep_new_page(long pfn, int order, int type)
{
	struct page *page = pages + pfn;

	page->count = 1;
	page->mapcount = -1;
	page->flags = PG_HEAD;
	page->order = order;
	page->migratetype = type;
	page->private = page->mapping = page->index = 0;
}

ALWAYS long alloc_pages(int order, int type)
{
	if (order >= MAX_ORDER)
		return -ENOMEM;
	if (zone->fail_page_alloc > 0) {
		zone->fail_page_alloc--;
		return -ENOMEM;
	}
	long pfn = rmqueue_smallest(order, type);
	if (pfn < 0)
		pfn = rmqueue_fallback(order, type);
	if (pfn < 0)
		pfn = rmqueue_smallest(order, RESERVE);
	if (pfn < 0)
		return -ENOMEM;
	mod_freepage_state(-(1L << order), block_type(pfn));
	prep_new_page(pfn, order, type);
	return pfn;
}

ALWAYS bool put_page(long pfn)
{
	if (--pages[pfn].count)
		return false;
	pages[pfn].flags = 0;
	pages[pfn].mapping = 0;
	pages[pfn].mapcount = -1;
	if (!pages[pfn].order)
		free_one_page(pfn, 0);
	else
		free_one_page(pfn, pages[pfn].order);
	return true;
}

#endif
