/* Our records and arrays, as zbudlab/layout has them: numbers where the kernel has pointers. */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define MAX_ORDER 11
#define BUDDY_MAPCOUNT (-128)
#define ZBUD_MAPCOUNT (-127)
#define CHUNK_SHIFT 6
#define NCHUNKS 64
#define ZBUD_MAX_SIZE 3968
#define EAGAIN 11
#define ENOENT 2
#define ENOMEM 12
#define EEXIST 17
#define EINVAL 22
#define ENOSPC 28
#define ALWAYS static inline __attribute__((always_inline))

enum { UNMOVABLE, RECLAIMABLE, MOVABLE, RESERVE, CMA, ISOLATE, MIGRATE_TYPES };
enum { PG_LOCKED = 1, PG_LRU = 4, PG_ACTIVE = 8, PG_HEAD = 64 };
enum { LRU, BUDDY };
enum { FIRST, LAST };
enum { BUDDIED = 0, LRU_LIST = NCHUNKS };

struct page {
	uint32_t next[1], prev[1];
	int32_t count, mapcount;
	uint16_t flags;
	uint8_t order, migratetype;
	uint32_t private, mapping, index;
};

struct zone {
	int64_t spanned_pages, list_heads, pageblock_order;
	int64_t nr_free[MAX_ORDER], nr_free_pages, nr_free_cma, watermark[3];
	int64_t nr_inactive_anon, nr_active_anon;
	int64_t cached_migrate_pfn, cached_free_pfn, blockskip_flush;
	int64_t zpool_movable, fail_page_alloc;
};

struct pageblock {
	uint8_t migratetype, skip;
};

struct zbud_header {
	uint32_t next[2], prev[2];
	int64_t first_handle, last_handle;
	int32_t first_map_count, last_map_count;
	uint8_t first_chunks, last_chunks, under_reclaim;
	int64_t first_swpentry, last_swpentry;
};

struct zbud_pool {
	int64_t list_heads, row_shift, created, kind, variant, pages_nr;
	int64_t height, rnode, items, last_handle;
};

struct radix_tree_node {
	uint32_t count, parent, slots[64];
};

_Static_assert(sizeof(struct page) == 32 && sizeof(struct zbud_header) == 64, "zbudlab/layout differs");
_Static_assert(sizeof(struct zone) == 208 && sizeof(struct zbud_pool) == 80, "zbudlab/layout differs");
_Static_assert(sizeof(struct radix_tree_node) == 264, "zbudlab/layout differs");

static struct zone *zone;
static struct page *pages;
static struct pageblock *blocks;
static struct zbud_pool *pool;
static struct zbud_header *rows;
static struct radix_tree_node *nodes;

/* Lists of any records: list_add(pages, LRU, pfn, head). */
#define list_insert(records, link, new, before, after) do { \
	uint32_t new_ = (new), before_ = (before), after_ = (after); \
	(records)[new_].next[link] = after_; \
	(records)[new_].prev[link] = before_; \
	(records)[before_].next[link] = new_; \
	(records)[after_].prev[link] = new_; \
} while (0)
#define list_add(records, link, new, head) \
	list_insert(records, link, new, head, (records)[head].next[link])
#define list_add_tail(records, link, new, head) \
	list_insert(records, link, new, (records)[head].prev[link], head)
#define list_del(records, link, entry) do { \
	uint32_t before_ = (records)[entry].prev[link], after_ = (records)[entry].next[link]; \
	(records)[before_].next[link] = after_; \
	(records)[after_].prev[link] = before_; \
} while (0)
#define list_replace(records, link, old, new) \
	list_insert(records, link, new, (records)[old].prev[link], (records)[old].next[link])
#define list_empty(records, link, head) ((records)[head].next[link] == (head))

#endif
