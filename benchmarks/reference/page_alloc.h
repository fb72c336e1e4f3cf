/* Page frames in blocks of 2^order: the rules of zbudlab/mm/page_alloc.py, with the kernel's
 * data: a struct page of 64 bytes and list pointers. One zone from frame 0 on. */
#ifndef PAGE_ALLOC_H
#define PAGE_ALLOC_H

#include <stdint.h>
#include <string.h>

#include "list_head.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define MAX_ORDER 11
#define PAGEBLOCK_ORDER 9
#define BOOT_ORDER 6
#define BUDDY_MAPCOUNT (-128)
#define ZBUD_MAPCOUNT (-127)
#define ENOMEM 12

enum { UNMOVABLE, RECLAIMABLE, MOVABLE, RESERVE, CMA, ISOLATE, MIGRATE_TYPES };
enum { PG_LOCKED = 1, PG_LRU = 4, PG_ACTIVE = 8, PG_HEAD = 64 };
enum { INACTIVE_ANON, ACTIVE_ANON, MIGRATEPAGES, FREEPAGES, PAGE_LISTS };

struct page {
	unsigned long flags;
	void *mapping;
	unsigned long index;	/* free: the migrate type of its list */
	int mapcount, count;
	struct list_head lru;
	unsigned long private;	/* free: its order; zbud: its pool */
} __attribute__((aligned(64)));

struct zone {
	struct list_head free_list[MAX_ORDER][MIGRATE_TYPES];
	long nr_free[MAX_ORDER];
	long nr_free_pages, nr_free_cma;
	long spanned_pages, fail_page_alloc;
	long pageblock_order, cached_migrate_pfn, cached_free_pfn;
	long nr_anon[2];
	bool zpool_movable;
};

struct pageblock {
	uint8_t type, skip;
};

static struct zone the_zone, *zone = &the_zone;
static struct page *mem_map;
static struct pageblock *blocks;
static struct list_head page_lists[PAGE_LISTS];

static inline long page_to_pfn(const struct page *page)
{
	return page - mem_map;
}

static inline struct page *page(long pfn)
{
	return mem_map + pfn;
}

static inline int block_type(long pfn)
{
	return blocks[pfn >> PAGEBLOCK_ORDER].type;
}

static inline void set_block_type(long pfn, int type)
{
	blocks[pfn >> PAGEBLOCK_ORDER].type = type;
}

static inline bool is_free_block(const struct page *page, unsigned order)
{
	return page->mapcount == BUDDY_MAPCOUNT && page->private == order;
}

static inline void mark_free(struct page *page, unsigned order, int type)
{
	page->mapcount = BUDDY_MAPCOUNT;
	page->private = order;
	page->index = type;
	zone->nr_free[order]++;
}

static inline void del_page_from_free_list(struct page *page, unsigned order)
{
	list_del(&page->lru);
	page->mapcount = -1;
	zone->nr_free[order]--;
}

static inline void mod_freepage_state(long nr_pages, int type)
{
	zone->nr_free_pages += nr_pages;
	if (type == CMA)
		zone->nr_free_cma += nr_pages;
}

static void free_one_page(long pfn, unsigned order)
{
	int type = block_type(pfn);

	if (type != ISOLATE)
		mod_freepage_state(1L << order, type);
	while (order < MAX_ORDER - 1) {
		long buddy = pfn ^ (1L << order);

		if (!is_free_block(mem_map + buddy, order))
			break;
		del_page_from_free_list(mem_map + buddy, order);
		pfn &= buddy;
		order++;
	}
	mark_free(mem_map + pfn, order, type);
	if (order < MAX_ORDER - 2) {
		long parent = pfn & ~(1L << order);

		if (is_free_block(mem_map + (parent ^ (1L << (order + 1))), order + 1)) {
			list_add_tail(&mem_map[pfn].lru, &zone->free_list[order][type]);
			return;
		}
	}
	list_add(&mem_map[pfn].lru, &zone->free_list[order][type]);
}

static inline void expand(struct page *page, unsigned low, unsigned high, int type)
{
	while (high > low) {
		high--;
		mark_free(page + (1L << high), high, type);
		list_add(&page[1L << high].lru, &zone->free_list[high][type]);
	}
}

static inline struct page *take(struct list_head *list, unsigned low, unsigned high, int type)
{
	struct page *page = container_of(list->next, struct page, lru);

	del_page_from_free_list(page, high);
	expand(page, low, high, type);
	return page;
}

static inline struct page *rmqueue_smallest(unsigned order, int type)
{
	for (unsigned current = order; current < MAX_ORDER; current++)
		if (!list_empty(&zone->free_list[current][type]))
			return take(&zone->free_list[current][type], order, current, type);
	return NULL;
}

static long move_freepages_block(long pfn, int type)
{
	long at = pfn & -(1L << PAGEBLOCK_ORDER), end = at + (1L << PAGEBLOCK_ORDER), moved = 0;

	if (end > zone->spanned_pages)
		return 0;
	while (at < end) {
		struct page *page = mem_map + at;

		if (page->mapcount != BUDDY_MAPCOUNT) {
			at++;
			continue;
		}
		list_del(&page->lru);
		list_add(&page->lru, &zone->free_list[page->private][type]);
		page->index = type;
		at += 1L << page->private;
		moved += 1L << page->private;
	}
	return moved;
}

static void steal(long pfn, unsigned order, int type)
{
	if (order >= PAGEBLOCK_ORDER)
		for (long i = 0; i < 1L << (order - PAGEBLOCK_ORDER); i++)
			blocks[(pfn >> PAGEBLOCK_ORDER) + i].type = type;
	else if ((order >= PAGEBLOCK_ORDER / 2 || type == RECLAIMABLE) &&
		 move_freepages_block(pfn, type) >= 1L << (PAGEBLOCK_ORDER - 1))
		set_block_type(pfn, type);
}

static struct page *rmqueue_fallback(unsigned order, int start)
{
	static const int fallbacks[3][4] = {
		{ RECLAIMABLE, MOVABLE, RESERVE, RESERVE },
		{ UNMOVABLE, MOVABLE, RESERVE, RESERVE },
		{ CMA, RECLAIMABLE, UNMOVABLE, RESERVE },
	};

	for (int current = MAX_ORDER - 1; current >= (int)order; current--)
		for (const int *type = fallbacks[start]; *type != RESERVE; type++) {
			struct list_head *list = &zone->free_list[current][*type];

			if (list_empty(list))
				continue;
			struct page *page = container_of(list->next, struct page, lru);
			if (*type != CMA)
				steal(page_to_pfn(page), current, start);
			del_page_from_free_list(page, current);
			expand(page, order, current, *type == CMA ? CMA : start);
			return page;
		}
	return NULL;
}

static inline void prep_new_page(long pfn)
{
	struct page *page = mem_map + pfn;

	page->count = 1;
	page->mapcount = -1;
	page->flags = PG_HEAD;
	page->private = 0;
	page->mapping = NULL;
	page->index = 0;
}

static struct page *alloc_pages(unsigned order, int type)
{
	struct page *page;

	if (order >= MAX_ORDER)
		return NULL;
	if (zone->fail_page_alloc > 0) {
		zone->fail_page_alloc--;
		return NULL;
	}
	page = rmqueue_smallest(order, type);
	if (!page)
		page = rmqueue_fallback(order, type);
	if (!page)
		page = rmqueue_smallest(order, RESERVE);
	if (!page)
		return NULL;
	mod_freepage_state(-(1L << order), block_type(page_to_pfn(page)));
	prep_new_page(page_to_pfn(page));
	return page;
}

static inline bool put_pages(struct page *page, unsigned order)
{
	if (--page->count)
		return false;
	page->flags = 0;
	page->mapping = NULL;
	page->mapcount = -1;
	free_one_page(page_to_pfn(page), order);
	return true;
}

static inline bool put_page(struct page *page)	/* of a single frame */
{
	return put_pages(page, 0);
}

static void page_alloc_init(long frames, long start)
{
	memset(zone, 0, sizeof(*zone));
	zone->spanned_pages = frames;
	zone->pageblock_order = PAGEBLOCK_ORDER;
	zone->zpool_movable = true;
	for (int order = 0; order < MAX_ORDER; order++)
		for (int type = 0; type < MIGRATE_TYPES; type++)
			init_list_head(&zone->free_list[order][type]);
	for (long pfn = 0; pfn < frames; pfn++)
		mem_map[pfn].mapcount = -1;
	for (long block = 0; block < frames >> PAGEBLOCK_ORDER; block++)
		blocks[block] = (struct pageblock){ MOVABLE, 0 };
	for (int list = 0; list < PAGE_LISTS; list++)
		init_list_head(&page_lists[list]);
	for (long pfn = start, step; pfn < frames; pfn += step) {
		unsigned order = pfn % (1 << BOOT_ORDER) ? 0 : BOOT_ORDER;

		step = 1L << order;
		free_one_page(pfn, order);
	}
}

#endif
