/* What compaction.h needs of struct page and the zone, with pointers. */
#ifndef COMPACTION_KERNEL_H
#define COMPACTION_KERNEL_H

#include "zbud.h"

#define page_list_add(pfn, list) list_add(&mem_map[pfn].lru, &page_lists[list])
#define page_list_del(pfn) list_del(&mem_map[pfn].lru)
#define page_list_empty(list) list_empty(&page_lists[list])
#define page_list_first(list) lru_pfn(page_lists[list].next)
#define page_list_next(pfn) lru_pfn(mem_map[pfn].lru.next)
#define page_list_ends(pfn, list) (&mem_map[pfn].lru == &page_lists[list])
#define block_skip(pfn) blocks[(pfn) >> PAGEBLOCK_ORDER].skip
#define set_block_skip(pfn) (blocks[(pfn) >> PAGEBLOCK_ORDER].skip = 1)
#define block_order(pfn) ((long)mem_map[pfn].private)
#define take_free_block(pfn, order) del_page_from_free_list(mem_map + (pfn), order)
#define prep_isolated_page(pfn) prep_new_page(pfn)
#define put_page_at(pfn) put_page(mem_map + (pfn))
#define nr_anon(list) zone->nr_anon[list]

ALWAYS long lru_pfn(struct list_head *lru)
{
	return container_of(lru, struct page, lru) - mem_map;
}

ALWAYS int move_zbud_page(long new, long old, int shift)
{
	return locked_zbud_migrate_page(mem_map + new, mem_map + old, shift);
}

#include "compaction.h"

#endif
