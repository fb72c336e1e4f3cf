/* zswap's store and load over LZ4 and the series' zbud, as zbudlab/mm/zswap.py has them; the tree of
 * entries is an array by slot. What zbud does not take goes to the `device`. Both sides call the
 * same functions of the same library. */
#include "reference.c"

#define HEADER 8	/* the swap entry in front of an object */

struct entry {
	long handle;	/* 0 = on the device */
	int length, refcount;
};

typedef int codec(const char *from, char *to, int length, int room);

static codec *compress, *decompress;	/* LZ4_compress_default, LZ4_decompress_safe */
static char scratch[2 * PAGE_SIZE];

long use_codec(codec *compressor, codec *decompressor)
{
	compress = compressor;
	decompress = decompressor;
	return 0;
}

ALWAYS char *map(long handle)
{
	struct zbud_header *header = radix_tree_lookup(&pool.tree, handle);
	int buddy = header->first_handle == handle ? FIRST : LAST;

	mem_map[header_pfn(header, PAGE_SHIFT)].count++;
	if (buddy == FIRST)
		header->first_map_count++;
	else
		header->last_map_count++;
	return (char *)buddy_address(header, buddy, PAGE_SHIFT);
}

ALWAYS void unmap(long handle)
{
	zbud_free(handle, true, PAGE_SHIFT);	/* the owner's own count stays */
}

long sizeof_entry(void)
{
	return sizeof(struct entry);
}

long store(struct entry *entries, const char *pages, char *device, long n)
{
	long sum = 0;

	for (long slot = 0; slot < n; slot++) {
		const char *page = pages + slot * PAGE_SIZE;
		struct entry *entry = entries + slot;
		int length = compress(page, scratch, PAGE_SIZE, sizeof(scratch));
		long handle = zbud_alloc(length + HEADER, MOVABLE, true, PAGE_SHIFT);

		if (handle < 0) {
			entry->handle = 0;
			memcpy(device + slot * PAGE_SIZE, page, PAGE_SIZE);
			continue;
		}
		char *object = map(handle);
		memcpy(object, &slot, HEADER);
		memcpy(object + HEADER, scratch, length);
		unmap(handle);
		*entry = (struct entry){ handle, length, 1 };
		sum += length;
	}
	return sum + pages_nr();
}

long load(struct entry *entries, char *pages, const char *device, long n)
{
	long found = 0;

	for (long slot = 0; slot < n; slot++) {
		struct entry *entry = entries + slot;
		char *page = pages + slot * PAGE_SIZE;

		if (!entry->handle) {
			memcpy(page, device + slot * PAGE_SIZE, PAGE_SIZE);
			continue;
		}
		entry->refcount++;
		char *object = map(entry->handle);
		found += decompress(object + HEADER, page, entry->length, PAGE_SIZE) == PAGE_SIZE;
		unmap(entry->handle);
		entry->refcount--;
	}
	return found;
}

long invalidate(struct entry *entries, long n)
{
	for (long slot = 0; slot < n; slot++)
		if (entries[slot].handle)
			zbud_free(entries[slot].handle, true, PAGE_SHIFT);
	memset(entries, 0, n * sizeof(*entries));
	return pages_nr();
}
