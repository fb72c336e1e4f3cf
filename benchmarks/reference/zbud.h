/* zbud as the kernel has it: pointers, the header in the page. `series`, `shift`: constants of
 * each caller; shift 12 = header in the page, 6 = headers side by side, without page bytes. */
#ifndef ZBUD_H
#define ZBUD_H

#include "page_alloc.h"
#include "radix_tree.h"

#define CHUNK_SHIFT 6
#define NCHUNKS 64
#define ZBUD_MAX_SIZE 3968
#define ENOENT 2
#define EAGAIN 11
#define EINVAL 22
#define ENOSPC 28
#define ALWAYS static inline __attribute__((always_inline))

enum { FIRST, LAST };

struct zbud_header {
	struct list_head buddy, lru;
	unsigned long first_handle, last_handle;
	int first_map_count, last_map_count;
	uint16_t first_chunks, last_chunks;
	bool under_reclaim;
};

struct zbud_pool {
	struct list_head unbuddied[NCHUNKS], buddied, lru;
	unsigned long pages_nr;
	struct radix_tree_root tree;
	unsigned long last_handle;
};

static struct zbud_pool pool;
static char *memory;	/* what page frame 0 is mapped at */
static char *headers;	/* header of page frame 0: `memory`, or a table */

static void zbud_init(void)
{
	memset(&pool, 0, sizeof(pool));
	for (int i = 0; i < NCHUNKS; i++)
		init_list_head(&pool.unbuddied[i]);
	init_list_head(&pool.buddied);
	init_list_head(&pool.lru);
}

ALWAYS long address_pfn(unsigned long address)
{
	return (address - (unsigned long)memory) >> PAGE_SHIFT;
}

ALWAYS struct zbud_header *pfn_header(long pfn, int shift)
{
	return (struct zbud_header *)(headers + (pfn << shift));
}

ALWAYS long header_pfn(const struct zbud_header *header, int shift)
{
	return ((char *)header - headers) >> shift;
}

ALWAYS struct zbud_header *address_header(unsigned long address, int shift)
{
	if (shift == PAGE_SHIFT)
		return (struct zbud_header *)(address & -PAGE_SIZE);
	return pfn_header(address_pfn(address), shift);
}

ALWAYS int num_free_chunks(const struct zbud_header *header)
{
	return NCHUNKS - 1 - header->first_chunks - header->last_chunks;
}

ALWAYS unsigned long buddy_address(const struct zbud_header *header, int buddy, int shift)
{
	unsigned long address = (unsigned long)header;

	if (shift != PAGE_SHIFT)
		address = (unsigned long)memory + (header_pfn(header, shift) << PAGE_SHIFT);
	if (buddy == FIRST)
		return address + (1 << CHUNK_SHIFT);
	return address + PAGE_SIZE - (header->last_chunks << CHUNK_SHIFT);
}

ALWAYS void add_to_home_list(struct zbud_header *header)
{
	if (header->first_chunks && header->last_chunks)
		list_add(&header->buddy, &pool.buddied);
	else
		list_add(&header->buddy, &pool.unbuddied[num_free_chunks(header)]);
}

ALWAYS struct zbud_header *find_hole(int chunks)
{
	for (int i = chunks; i < NCHUNKS; i++)
		if (!list_empty(&pool.unbuddied[i]))
			return container_of(pool.unbuddied[i].next, struct zbud_header, buddy);
	return NULL;
}

ALWAYS struct zbud_header *init_zbud_page(struct page *page, int shift)
{
	struct zbud_header *header = pfn_header(page_to_pfn(page), shift);

	header->first_handle = header->last_handle = 0;
	header->first_map_count = header->last_map_count = 0;
	header->first_chunks = header->last_chunks = 0;
	header->under_reclaim = false;
	init_list_head(&header->buddy);
	init_list_head(&header->lru);
	page->mapcount = ZBUD_MAPCOUNT;
	page->private = (unsigned long)&pool;
	return header;
}

ALWAYS long new_handle(struct zbud_header *header, int buddy)
{
	unsigned long handle = pool.last_handle + 1;
	int failed = radix_tree_insert(&pool.tree, handle, header);

	if (failed)
		return failed;
	pool.last_handle = handle;
	if (buddy == FIRST) {
		header->first_handle = handle;
		header->first_map_count = 1;
	} else {
		header->last_handle = handle;
		header->last_map_count = 1;
	}
	return handle;
}

ALWAYS long zbud_alloc(int size, int type, bool series, int shift)
{
	struct zbud_header *header;
	struct page *fresh = NULL;
	long handle = 0;

	if (size <= 0)
		return -EINVAL;
	if (size > ZBUD_MAX_SIZE)
		return -ENOSPC;
	int chunks = (size + (1 << CHUNK_SHIFT) - 1) >> CHUNK_SHIFT;
	header = find_hole(chunks);
	if (!header) {
		fresh = alloc_pages(0, type);
		if (!fresh)
			return -ENOMEM;
		header = init_zbud_page(fresh, shift);
	}
	int buddy = header->first_chunks ? LAST : FIRST;
	if (series) {
		handle = new_handle(header, buddy);
		if (handle < 0) {
			if (fresh)
				put_page(fresh);
			return handle;
		}
		if (!fresh)
			mem_map[header_pfn(header, shift)].count++;
	}
	if (fresh)
		pool.pages_nr++;
	else
		list_del(&header->buddy);
	if (buddy == FIRST)
		header->first_chunks = chunks;
	else
		header->last_chunks = chunks;
	add_to_home_list(header);
	if (!list_empty(&header->lru))
		list_del(&header->lru);
	list_add(&header->lru, &pool.lru);
	return series ? handle : (long)buddy_address(header, buddy, shift);
}

ALWAYS void free_buddy(struct zbud_header *header, int buddy, bool series, int shift)
{
	unsigned long handle;

	if (buddy == FIRST) {
		handle = header->first_handle;
		header->first_chunks = 0;
		header->first_handle = 0;
	} else {
		handle = header->last_handle;
		header->last_chunks = 0;
		header->last_handle = 0;
	}
	if (series)
		radix_tree_delete(&pool.tree, handle);
	if (header->under_reclaim)
		return;
	list_del(&header->buddy);
	bool empty = !header->first_chunks && !header->last_chunks;
	if (empty) {
		list_del(&header->lru);
		pool.pages_nr--;
	} else {
		add_to_home_list(header);
	}
	if (series || empty)
		put_page(mem_map + header_pfn(header, shift));
}

ALWAYS long zbud_free(unsigned long handle, bool series, int shift)
{
	struct zbud_header *header;
	int buddy;

	if (!series) {
		header = address_header(handle, shift);
		buddy = (handle & (PAGE_SIZE - 1)) == 1 << CHUNK_SHIFT ? FIRST : LAST;
		free_buddy(header, buddy, series, shift);
		return 0;
	}
	header = radix_tree_lookup(&pool.tree, handle);
	if (!header)
		return -ENOENT;
	buddy = header->first_handle == handle ? FIRST : LAST;
	int *maps = buddy == FIRST ? &header->first_map_count : &header->last_map_count;
	if (--*maps > 0)
		put_page(mem_map + header_pfn(header, shift));
	else
		free_buddy(header, buddy, series, shift);
	return 0;
}

ALWAYS int move_handle(unsigned long handle, struct page *new, struct page *old,
		       struct zbud_header *to, struct zbud_header *from)
{
	if (!handle)
		return 0;
	void **slot = radix_tree_lookup_slot(&pool.tree, handle);
	if (!slot || *slot != from)
		return -EINVAL;
	*slot = to;
	new->count++;
	old->count--;
	return 0;
}

ALWAYS int zbud_migrate_page(struct page *new, struct page *old, int shift)
{
	struct zbud_header *from = pfn_header(page_to_pfn(old), shift);
	struct zbud_header *to = pfn_header(page_to_pfn(new), shift);

	if (old->count != 1 + !!from->first_handle + !!from->last_handle)
		return -EAGAIN;
	new->mapcount = ZBUD_MAPCOUNT;
	new->mapping = old->mapping;
	new->private = old->private;
	memcpy(to, from, 1UL << shift);
	int failed = move_handle(from->first_handle, new, old, to, from);
	failed |= move_handle(from->last_handle, new, old, to, from);
	list_replace(&from->lru, &to->lru);
	list_replace(&from->buddy, &to->buddy);
	memset(from, 0, sizeof(*from));
	return failed;
}

ALWAYS int locked_zbud_migrate_page(struct page *new, struct page *old, int shift)
{
	old->flags |= PG_LOCKED;
	new->flags |= PG_LOCKED;
	int failed = zbud_migrate_page(new, old, shift);
	new->flags &= ~PG_LOCKED;
	old->flags &= ~PG_LOCKED;
	return failed;
}

static int migrate_zbud_page(struct page *page)
{
	page->count++;
	struct page *new = alloc_pages(0, MOVABLE);
	if (!new) {
		put_page(page);
		return -ENOMEM;
	}
	int failed = locked_zbud_migrate_page(new, page, PAGE_SHIFT);
	put_page(page);
	put_page(new);
	return failed;
}

#endif
