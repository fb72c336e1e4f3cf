/* C as the kernel has it. Each loop that is timed is the twin of one in benchmarks/drivers.py. */
#include "compaction_kernel.h"

void setup(char *bytes, char *header_table, struct page *page_table, struct pageblock *block_table,
	   struct radix_tree_node *nodes, long frames)
{
	memory = bytes;
	headers = header_table;
	mem_map = page_table;
	blocks = block_table;
	page_alloc_init(frames, 1);
	radix_tree_init(nodes);
	zbud_init();
}

long boot(void)	/* the page allocator anew, as setup left it */
{
	page_alloc_init(zone->spanned_pages, 1);
	return zone->nr_free_pages;
}

long copy_pages(char *bytes, const uint32_t *new, const uint32_t *old, long n)
{
	for (long i = 0; i < n; i++)
		memcpy(bytes + ((long)new[i] << PAGE_SHIFT), bytes + ((long)old[i] << PAGE_SHIFT),
		       PAGE_SIZE);
	return bytes[(long)new[n - 1] << PAGE_SHIFT];
}

long radix_insert(const int64_t *keys, long n)
{
	long failed = 0;

	for (long i = 0; i < n; i++)
		failed += radix_tree_insert(&pool.tree, keys[i], (void *)((keys[i] + 1) << 1));
	return failed;
}

long radix_lookup(const int64_t *keys, long n)
{
	long sum = 0;

	for (long i = 0; i < n; i++)
		sum += (long)radix_tree_lookup(&pool.tree, keys[i]) >> 1;
	return sum;
}

long radix_delete(const int64_t *keys, long n)
{
	long sum = 0;

	for (long i = 0; i < n; i++)
		sum += (long)radix_tree_delete(&pool.tree, keys[i]) >> 1;
	return sum;
}

#define IN_PAGE PAGE_SHIFT
#define METADATA CHUNK_SHIFT

ALWAYS long handle_number(long handle, bool series)
{
	return series ? handle : (handle - (long)memory) >> CHUNK_SHIFT;
}

ALWAYS long handle_pfn(long handle, int shift)	/* series */
{
	return header_pfn(radix_tree_lookup(&pool.tree, handle), shift);
}

ALWAYS long pages_nr(void)
{
	return pool.pages_nr;
}

ALWAYS long alloc_block(int order, int type)
{
	struct page *page = alloc_pages(order, type);

	return page ? page_to_pfn(page) : -ENOMEM;
}

ALWAYS void free_block(long pfn, int order)
{
	put_pages(mem_map + pfn, order);
}

#include "loops.h"

long migrate(const int64_t *handles, const int32_t *slots, long n)
{
	long sum = 0;

	for (long i = 0; i < n; i++) {
		long pfn = handle_pfn(handles[slots[i]], PAGE_SHIFT);

		sum += pfn + migrate_zbud_page(mem_map + pfn);
	}
	return sum;
}
