/* Compaction, as zbudlab/mm/compaction*.py and migrate.py have it: the same for both layouts.
 * compaction_kernel.h and alike/compaction_alike.h say what page(), page_list_*() and so on are.
 * All pages that move are zbud's here; user pages are looked for, but there are none. */
#ifndef COMPACTION_H
#define COMPACTION_H

#define CLUSTER_MAX 32
#define PASSES 10

struct compact_control {
	long migrate_pfn, free_pfn, nr_migratepages;
	long migrate_scanned, free_scanned, isolated, migrated, failed;
	bool finished_update_migrate, finished_update_free;
};

static struct compact_control cc;

ALWAYS long next_pageblock(long pfn)
{
	return ((pfn >> zone->pageblock_order) + 1) << zone->pageblock_order;
}

static void lru_cache_add(long pfn)
{
	int list = page(pfn)->flags & PG_ACTIVE ? ACTIVE_ANON : INACTIVE_ANON;

	page(pfn)->flags |= PG_LRU;
	page_list_add(pfn, list);
	nr_anon(list)++;
}

static bool isolate_lru_page(long pfn)
{
	if (!(page(pfn)->flags & PG_LRU))
		return false;
	page(pfn)->count++;
	page_list_del(pfn);
	page(pfn)->flags &= ~PG_LRU;
	nr_anon(page(pfn)->flags & PG_ACTIVE ? ACTIVE_ANON : INACTIVE_ANON)--;
	return true;
}

ALWAYS void isolate_movable_page(long pfn)
{
	if (page(pfn)->mapcount == ZBUD_MAPCOUNT && zone->zpool_movable)
		page(pfn)->count++;
	else if (isolate_lru_page(pfn))
		cc.finished_update_migrate = true;
	else
		return;
	page_list_add(pfn, MIGRATEPAGES);
	cc.nr_migratepages++;
	cc.isolated++;
}

static long isolate_migratepages_range(long start, long end)
{
	long pfn = start;

	while (pfn < end && cc.nr_migratepages < CLUSTER_MAX) {
		cc.migrate_scanned++;
		if (block_skip(pfn)) {
			pfn = next_pageblock(pfn);
			continue;
		}
		if (page(pfn)->mapcount != BUDDY_MAPCOUNT)
			isolate_movable_page(pfn);
		pfn++;
	}
	if (pfn == end && !cc.nr_migratepages) {
		set_block_skip(start);
		if (!cc.finished_update_migrate && start > zone->cached_migrate_pfn)
			zone->cached_migrate_pfn = start;
	}
	return pfn;
}

ALWAYS bool suitable_migration_target(long pfn)
{
	int type = block_type(pfn);

	if (type == ISOLATE || type == RESERVE)
		return false;
	if (page(pfn)->mapcount == BUDDY_MAPCOUNT && block_order(pfn) >= zone->pageblock_order)
		return true;
	return type == MOVABLE || type == CMA;
}

ALWAYS bool watermark_ok(long mark)	/* of order 0, CMA pages not counted */
{
	return zone->nr_free_pages - zone->nr_free_cma > mark;
}

static long isolate_free_page(long pfn, int order)
{
	int type = block_type(pfn);

	if (type != ISOLATE) {
		if (!watermark_ok(1L << order))
			return 0;
		mod_freepage_state(-(1L << order), type);
	}
	take_free_block(pfn, order);
	if (order >= zone->pageblock_order - 1)
		for (long at = pfn; at < pfn + (1L << order) - 1; at += 1L << zone->pageblock_order)
			if (block_type(at) != CMA && block_type(at) != ISOLATE)
				set_block_type(at, MOVABLE);
	for (long at = pfn; at < pfn + (1L << order); at++)
		prep_isolated_page(at);
	return 1L << order;
}

static long isolate_freepages_block(long start, long end)
{
	long total = 0, pfn = start;

	while (pfn < end) {
		long taken = 0;

		cc.free_scanned++;
		if (page(pfn)->mapcount == BUDDY_MAPCOUNT) {
			if (!suitable_migration_target(pfn))
				break;
			taken = isolate_free_page(pfn, block_order(pfn));
			for (long at = pfn; at < pfn + taken; at++)
				page_list_add(at, FREEPAGES);
		}
		total += taken;
		pfn += taken ? taken : 1;
	}
	if (pfn == end && !total) {
		set_block_skip(start);
		if (!cc.finished_update_free && start < zone->cached_free_pfn)
			zone->cached_free_pfn = start;
	}
	cc.isolated += total;
	return total;
}

static void isolate_freepages(void)
{
	long size = 1L << zone->pageblock_order, low = cc.migrate_pfn + size, total = 0;
	long high = low < cc.free_pfn ? low : cc.free_pfn;

	for (long pfn = cc.free_pfn; pfn > low && total < cc.nr_migratepages; pfn -= size) {
		if (pfn >= zone->spanned_pages || !suitable_migration_target(pfn) ||
		    block_skip(pfn))
			continue;
		long end = next_pageblock(pfn);
		if (end > zone->spanned_pages)
			end = zone->spanned_pages;
		long taken = isolate_freepages_block(pfn, end);
		total += taken;
		if (taken) {
			cc.finished_update_free = true;
			if (pfn > high)
				high = pfn;
		}
	}
	cc.free_pfn = high;
}

ALWAYS long compaction_alloc(void)
{
	if (page_list_empty(FREEPAGES)) {
		isolate_freepages();
		if (page_list_empty(FREEPAGES))
			return -ENOMEM;
	}
	long pfn = page_list_first(FREEPAGES);
	page_list_del(pfn);
	return pfn;
}

ALWAYS void putback(long pfn)
{
	if (page(pfn)->mapcount != ZBUD_MAPCOUNT)
		lru_cache_add(pfn);
	put_page_at(pfn);
}

static long migrate_pages(int shift)
{
	long retry = 1;

	for (int pass = 0; pass < PASSES && retry; pass++) {
		retry = 0;
		for (long pfn = page_list_first(MIGRATEPAGES), next; !page_list_ends(pfn, MIGRATEPAGES);
		     pfn = next) {
			next = page_list_next(pfn);
			long new = compaction_alloc();
			if (new < 0)
				return -ENOMEM;
			if (move_zbud_page(new, pfn, shift)) {
				put_page_at(new);
				retry++;
				continue;
			}
			page_list_del(pfn);
			put_page_at(pfn);
			putback(new);
			cc.migrated++;
		}
	}
	return retry;
}

static bool move_isolated(int shift)
{
	long failed = migrate_pages(shift);

	while (!page_list_empty(MIGRATEPAGES)) {
		long pfn = page_list_first(MIGRATEPAGES);

		page_list_del(pfn);
		putback(pfn);
		cc.failed++;
	}
	cc.nr_migratepages = 0;
	return failed != -ENOMEM;
}

/* Compact the whole zone with no hints from before; the pages moved. */
ALWAYS long compact_zone(int shift)
{
	memset(&cc, 0, sizeof(cc));
	for (long pfn = 0; pfn < zone->spanned_pages; pfn = next_pageblock(pfn))
		block_skip(pfn) = 0;
	zone->cached_migrate_pfn = 0;
	zone->cached_free_pfn = cc.free_pfn = zone->spanned_pages;
	while (cc.free_pfn > cc.migrate_pfn) {
		long end = next_pageblock(cc.migrate_pfn);

		if (end > cc.free_pfn) {
			cc.migrate_pfn = end;
			continue;
		}
		cc.migrate_pfn = isolate_migratepages_range(cc.migrate_pfn, end);
		if (!move_isolated(shift))
			break;
	}
	while (!page_list_empty(FREEPAGES)) {
		long pfn = page_list_first(FREEPAGES);

		page_list_del(pfn);
		put_page_at(pfn);
	}
	return cc.migrated;
}

#endif
