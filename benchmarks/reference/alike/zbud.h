/* zbud with our layout, as zbudlab/mm/zbud*.py. `series`, `shift`: constants
 * of each caller; shift 6 = header in the page (64 rows a page), 0 = a row a page. */
#ifndef ZBUD_H
#define ZBUD_H

#ifdef __AVX512F__
#include <immintrin.h>
#endif

#include "page_alloc.h"
#include "radix_tree.h"

ALWAYS int num_free_chunks(const struct zbud_header *header)
{
	return NCHUNKS - 1 - header->first_chunks - header->last_chunks;
}

ALWAYS bool is_empty(const struct zbud_header *header)
{
	return !(header->first_chunks | header->last_chunks);
}

ALWAYS void add_to_list(uint32_t row, int which)
{
	list_add(rows, BUDDY, row, pool->list_heads + which);
}

ALWAYS long find_hole(int chunks)
{
	for (int i = chunks; i < NCHUNKS; i++) {
		long head = pool->list_heads + i;

		if (!list_empty(rows, BUDDY, head))
			return rows[head].next[BUDDY];
	}
	return -1;
}

ALWAYS void clear_header(struct zbud_header *header)
{
	header->first_handle = header->last_handle = 0;
	header->first_map_count = header->last_map_count = 0;
	header->first_chunks = header->last_chunks = header->under_reclaim = 0;
}

ALWAYS long encode_handle(long pfn, const struct zbud_header *header, int buddy)
{
	return (pfn << CHUNK_SHIFT) + (buddy == FIRST ? 1 : NCHUNKS - header->last_chunks);
}

ALWAYS long new_handle(struct zbud_header *header, long pfn, int buddy)
{
	long handle = pool->last_handle + 1;
	int failed = radix_tree_insert(handle, pfn + 1);

	if (failed)
		return failed;
	pool->last_handle = handle;
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
	if (size <= 0)
		return -EINVAL;
	if (size > ZBUD_MAX_SIZE)
		return -ENOSPC;
	int chunks = (size + (1 << CHUNK_SHIFT) - 1) >> CHUNK_SHIFT;
	long row = find_hole(chunks), pfn, handle = 0;
	bool fresh = row < 0;
	if (fresh) {
		pfn = alloc_pages(0, type);
		if (pfn < 0)
			return pfn;
		row = pfn << shift;
		clear_header(rows + row);
		pages[pfn].mapcount = ZBUD_MAPCOUNT;
		pages[pfn].private = 0;
	}
	pfn = row >> shift;
	struct zbud_header *header = rows + row;
	int buddy = header->first_chunks ? LAST : FIRST;
	if (series) {
		handle = new_handle(header, pfn, buddy);
		if (handle < 0) {
			if (fresh)
				put_page(pfn);
			return handle;
		}
		if (!fresh)
			pages[pfn].count++;
	}
	if (fresh) {
		pool->pages_nr++;
	} else {
		list_del(rows, BUDDY, row);
		list_del(rows, LRU, row);
	}
	if (buddy == FIRST)
		header->first_chunks = chunks;
	else
		header->last_chunks = chunks;
	add_to_list(row, fresh ? NCHUNKS - 1 - chunks : BUDDIED);
	list_add(rows, LRU, row, pool->list_heads + LRU_LIST);
	return series ? handle : encode_handle(pfn, header, buddy);
}

ALWAYS void free_buddy(long pfn, int buddy, bool series, int shift)
{
	long row = pfn << shift, handle;
	struct zbud_header *header = rows + row;

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
		radix_tree_delete(handle);
	if (header->under_reclaim)
		return;
	list_del(rows, BUDDY, row);
	if (is_empty(header)) {
		list_del(rows, LRU, row);
		pool->pages_nr--;
	} else {
		add_to_list(row, num_free_chunks(header));
	}
	if (series || is_empty(header))
		put_page(pfn);
}

ALWAYS long zbud_free(long handle, bool series, int shift)
{
	if (!series) {
		free_buddy(handle >> CHUNK_SHIFT, (handle & (NCHUNKS - 1)) == 1 ? FIRST : LAST,
			   series, shift);
		return 0;
	}
	long pfn = (long)radix_tree_lookup(handle) - 1;
	if (pfn < 0)
		return -ENOENT;
	struct zbud_header *header = rows + (pfn << shift);
	int buddy = header->first_handle == handle ? FIRST : LAST;
	int32_t *maps = buddy == FIRST ? &header->first_map_count : &header->last_map_count;
	if (--*maps > 0)
		put_page(pfn);
	else
		free_buddy(pfn, buddy, series, shift);
	return 0;
}

ALWAYS void prefetch_page(long pfn)
{
	for (long line = 0; line < 16; line++)
		__builtin_prefetch((char *)(rows + (pfn << CHUNK_SHIFT)) + 64 * line);
}

/* The page's bytes, past the caches but for the header: nobody reads them soon. */
ALWAYS void copy_page(void *to, const void *from, bool large)
{
#ifdef __AVX512F__
	if (large) {
		memcpy(to, from, 64);
		for (int i = 64; i < 4096; i += 64)
			_mm512_stream_si512((void *)((char *)to + i),
					    _mm512_loadu_si512((const char *)from + i));
		return;
	}
#endif
	memcpy(to, from, PAGE_SIZE);
}

ALWAYS int move_handle(long handle, long new, long old)
{
	if (!handle)
		return 0;
	if ((long)radix_tree_lookup(handle) != old + 1)
		return -EINVAL;
	radix_tree_replace(handle, new + 1);
	pages[new].count++;
	pages[old].count--;
	return 0;
}

ALWAYS int zbud_migrate_page(long new, long old, int shift, bool large)
{
	long to = new << shift, from = old << shift;
	struct zbud_header *header = rows + from;

	if (pages[old].count != 1 + !!header->first_handle + !!header->last_handle)
		return -EAGAIN;
	pages[new].mapcount = ZBUD_MAPCOUNT;
	pages[new].mapping = pages[old].mapping;
	pages[new].private = pages[old].private;
	if (shift)
		copy_page(rows + to, rows + from, large);
	else
		rows[to] = rows[from];
	int failed = move_handle(header->first_handle, new, old);
	failed |= move_handle(header->last_handle, new, old);
	list_replace(rows, LRU, from, to);
	list_replace(rows, BUDDY, from, to);
	clear_header(header);
	return failed;
}

ALWAYS int locked_zbud_migrate_page(long new, long old, int shift, bool large)
{
	pages[old].flags |= PG_LOCKED;
	pages[new].flags |= PG_LOCKED;
	int failed = zbud_migrate_page(new, old, shift, large);
	pages[new].flags &= ~PG_LOCKED;
	pages[old].flags &= ~PG_LOCKED;
	return failed;
}

static int migrate_zbud_page(long pfn, int shift, bool large)
{
	prefetch_page(pfn);
	pages[pfn].count++;
	long new = alloc_pages(0, MOVABLE);
	if (new < 0) {
		put_page(pfn);
		return new;
	}
	int failed = locked_zbud_migrate_page(new, pfn, shift, large);
	put_page(pfn);
	put_page(new);
	return failed;
}

#endif
