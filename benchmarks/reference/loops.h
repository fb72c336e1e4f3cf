/* The loops that are timed, the same for both layouts, each the twin of one in
 * benchmarks/drivers.py. Needs IN_PAGE and METADATA (what `shift` is with the header in its page,
 * and with headers side by side), handle_number, handle_pfn, alloc_block, free_block. */
#ifndef LOOPS_H
#define LOOPS_H

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
	return sum + pages_nr();
}

long churn_plain(int64_t *handles, const int32_t *slots, const int32_t *sizes, long n)
{
	return churn(handles, slots, sizes, n, false, IN_PAGE);
}

long churn_plain_metadata(int64_t *handles, const int32_t *slots, const int32_t *sizes, long n)
{
	return churn(handles, slots, sizes, n, false, METADATA);
}

long churn_series(int64_t *handles, const int32_t *slots, const int32_t *sizes, long n)
{
	return churn(handles, slots, sizes, n, true, IN_PAGE);
}

long buddy_churn(int64_t *held, uint8_t *held_orders, const int32_t *slots, const uint8_t *orders,
		 const uint8_t *types, long n)
{
	long sum = 0;

	for (long i = 0; i < n; i++) {
		long slot = slots[i];

		if (held[slot] >= 0)
			free_block(held[slot], held_orders[slot]);
		held[slot] = alloc_block(orders[i], types[i]);
		held_orders[slot] = orders[i];
		sum += held[slot];
	}
	return sum;
}

long allocate_all(void)
{
	long sum = 0;

	for (long pfn = alloc_block(0, MOVABLE); pfn >= 0; pfn = alloc_block(0, MOVABLE))
		sum += pfn;
	return sum;
}

long free_all(const int64_t *order, long n)
{
	for (long i = 0; i < n; i++)
		free_block(order[i], 0);
	return zone->nr_free_pages;
}

/* Objects of SINGLE bytes, one a page, in the frames order[0 .. pages - 1]; COMPANION bytes beside
 * every second; all other frames free. What stood there before goes. */
#define SINGLE 2100
#define COMPANION 1500

ALWAYS long scatter(int64_t *handles, const int64_t *order, long frames, long pages, int shift)
{
	long sum = 0;

	for (long i = 0; i < pages + pages / 2; i++)
		if (handles[i]) {
			sum += handle_pfn(handles[i], shift) * (i & 0xff);
			zbud_free(handles[i], true, shift);
		}
	while (alloc_block(0, MOVABLE) >= 0)
		;
	for (long i = 0; i < pages; i++)
		free_block(order[i], 0);
	for (long i = 0; i < pages; i++)
		handles[i] = zbud_alloc(SINGLE, MOVABLE, true, shift);
	for (long i = 0; i < pages / 2; i++)
		handles[pages + i] = zbud_alloc(COMPANION, MOVABLE, true, shift);
	for (long i = pages; i < frames; i++)
		free_block(order[i], 0);
	return sum;
}

long scatter_in_page(int64_t *handles, const int64_t *order, long frames, long pages)
{
	return scatter(handles, order, frames, pages, IN_PAGE);
}

long scatter_metadata(int64_t *handles, const int64_t *order, long frames, long pages)
{
	return scatter(handles, order, frames, pages, METADATA);
}

long compact_in_page(void)
{
	return compact_zone(IN_PAGE);
}

long compact_metadata(void)
{
	return compact_zone(METADATA);
}

#endif
