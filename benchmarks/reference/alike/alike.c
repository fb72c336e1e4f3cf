/* C with our layout and algorithms, working on arrays of a zbudlab State. Each loop that is timed is
 * the twin of one in benchmarks/drivers.py. */
#include "compaction_alike.h"

#define IN_PAGE CHUNK_SHIFT
#define METADATA 0

void setup(struct zone *zones, struct page *page_records, struct pageblock *block_records,
	   struct zbud_pool *pools, struct zbud_header *header_rows,
	   struct radix_tree_node *node_records, long node_count)
{
	zone = zones;
	pages = page_records;
	blocks = block_records;
	pool = pools;
	rows = header_rows;
	nodes = node_records;
	nr_nodes = node_count;
}

ALWAYS long handle_number(long handle, bool series)
{
	return handle;
}

ALWAYS long handle_pfn(long handle, int shift)	/* series */
{
	return (long)radix_tree_lookup(handle) - 1;
}

ALWAYS long pages_nr(void)
{
	return pool->pages_nr;
}

ALWAYS long alloc_block(int order, int type)
{
	return alloc_pages(order, type);
}

ALWAYS void free_block(long pfn, int order)
{
	put_page(pfn);
}

#include "../loops.h"

long copy_pages(char *bytes, const uint32_t *new, const uint32_t *old, long n)
{
	for (long i = 0; i < n; i++) {
		if (i + 1 < n)
			for (long line = 0; line < 16; line++)
				__builtin_prefetch(bytes + ((long)old[i + 1] << PAGE_SHIFT) +
						   64 * line);
		copy_page(bytes + ((long)new[i] << PAGE_SHIFT),
			  bytes + ((long)old[i] << PAGE_SHIFT), true);
	}
	return bytes[(long)new[n - 1] << PAGE_SHIFT];
}

long radix_insert(const int64_t *keys, long n)
{
	long failed = 0;

	for (long i = 0; i < n; i++)
		failed += radix_tree_insert(keys[i], keys[i] + 1);
	return failed;
}

long radix_lookup(const int64_t *keys, long n)
{
	long sum = 0;

	for (long i = 0; i < n; i++)
		sum += radix_tree_lookup(keys[i]);
	return sum;
}

long radix_lookup_batch(const int64_t *keys, int64_t *items, long n)
{
	long sum = 0;

	radix_tree_lookup_batch(keys, items, n);
	for (long i = 0; i < n; i++)
		sum += items[i];
	return sum;
}

long radix_delete(const int64_t *keys, long n)
{
	long sum = 0;

	for (long i = 0; i < n; i++)
		sum += radix_tree_delete(keys[i]);
	return sum;
}

long migrate(const int64_t *handles, const int32_t *slots, long n)
{
	long sum = 0;

	for (long i = 0; i < n; i++) {
		long pfn = handle_pfn(handles[slots[i]], IN_PAGE);

		sum += pfn + migrate_zbud_page(pfn, IN_PAGE, false);
	}
	return sum;
}
