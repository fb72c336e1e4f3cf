/* The loops that are timed, each the twin of one in benchmarks/drivers.py. */
#include "zbud.h"

void setup(char *bytes, char *header_table, struct page *page_table, uint8_t *block_table,
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

ALWAYS long handle_number(long handle, bool series)
{
	return series ? handle : (handle - (long)memory) >> CHUNK_SHIFT;
}

ALWAYS long churn(int64_t *handles, const int32_t *slots, const int32_t *sizes, long n, bool series,
		  int shift)
{
	int type = series ? MOVABLE : UNMOVABLE;
	long sum = 0;

	for (long i = 0; i < n; i++) {
		if (handles[slots[i]])
			zbud_free(handles[slots[i]], series, shift);
		handles[slots[i]] = zbud_alloc(sizes[i], type, series, shift);
		sum += handle_number(handles[slots[i]], series);
	}
	return sum + pool.pages_nr;
}

long churn_plain(int64_t *handles, const int32_t *slots, const int32_t *sizes, long n)
{
	return churn(handles, slots, sizes, n, false, PAGE_SHIFT);
}

long churn_plain_metadata(int64_t *handles, const int32_t *slots, const int32_t *sizes, long n)
{
	return churn(handles, slots, sizes, n, false, CHUNK_SHIFT);
}

long churn_series(int64_t *handles, const int32_t *slots, const int32_t *sizes, long n)
{
	return churn(handles, slots, sizes, n, true, PAGE_SHIFT);
}

long migrate(const int64_t *handles, const int32_t *slots, long n)
{
	long sum = 0;

	for (long i = 0; i < n; i++) {
		void *header = radix_tree_lookup(&pool.tree, handles[slots[i]]);
		long pfn = header_pfn(header, PAGE_SHIFT);

		sum += pfn + migrate_zbud_page(mem_map + pfn);
	}
	return sum;
}
