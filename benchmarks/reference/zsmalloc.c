/* zsmalloc as the kernel has it: pointers, a handle is the address of a slot that holds the place
 * of its object, and the word of an object is in front of it in its page. The rules are those of
 * zbudlab/mm/zsmalloc*.py. */
#include <stdlib.h>

#include "page_alloc.h"

#define EAGAIN 11
#define EBUSY 16
#define EINVAL 22
#define ENOSPC 28
#define ZSMALLOC_MAPCOUNT (-126)
#define CLASSES 255
#define GROUPS 12
#define FULL 11
#define CHAIN 16
#define INDEX_BITS 15
#define ALLOCATED 1

struct size_class {
	long size, pages, objects, allocated, used;
	struct list_head groups[GROUPS];
};

struct zspage {
	struct list_head list;
	struct size_class *class;
	unsigned inuse, freeobj, group, readers;
	struct page *chain[CHAIN];
};

union cell {	/* of the slab of handles */
	unsigned long place;
	union cell *next;
};

static char *memory;
static struct size_class classes[CLASSES];
static unsigned char used_class[CLASSES];
static long pages_nr;
static long chain_size, least_waste, ten_percent, emptier_second, destination_first, busy;
static union cell *free_cells;
static struct zspage *free_zspages;

void setup(char *bytes, char *headers, struct page *page_table, struct pageblock *block_table,
	   void *nodes, long frames)
{
	(void)headers;
	(void)nodes;
	memory = bytes;
	mem_map = page_table;
	blocks = block_table;
	page_alloc_init(frames, 1);
}

static long waste(long pages, long size)
{
	long total = pages << PAGE_SHIFT, unused = total % size;

	return least_waste ? unused : 100 - (total - unused) * 100 / total;
}

long create_pool(const int64_t *rules)
{
	long last = -1;

	chain_size = rules[0];
	least_waste = rules[1];
	ten_percent = rules[3];
	emptier_second = rules[4];
	destination_first = rules[5];
	busy = rules[6];
	for (long i = CLASSES - 1; i >= 0; i--) {
		struct size_class *class = classes + i;
		long best = 1;

		class->size = 32 + 16 * i;
		for (long pages = 2; pages <= chain_size; pages++)
			if (waste(pages, class->size) < waste(best, class->size))
				best = pages;
		class->pages = best;
		class->objects = (best << PAGE_SHIFT) / class->size;
		for (int group = 0; group < GROUPS; group++)
			init_list_head(class->groups + group);
		if (last < 0 || classes[last].pages != class->pages ||
		    classes[last].objects != class->objects)
			last = i;
		used_class[i] = last;
	}
	return last;
}

/* --- places --- */

static inline unsigned long *word(const struct zspage *zspage, long index)
{
	long offset = index * zspage->class->size;
	struct page *page = zspage->chain[offset >> PAGE_SHIFT];

	if (zspage->class->objects == 1 && zspage->class->pages == 1)
		return (unsigned long *)&page->mapping;	/* huge: in the descriptor */
	return (unsigned long *)(memory + (page_to_pfn(page) << PAGE_SHIFT) +
				 (offset & (PAGE_SIZE - 1)));
}

static inline unsigned long place_of(const struct zspage *zspage, long index)
{
	long offset = index * zspage->class->size;

	return page_to_pfn(zspage->chain[offset >> PAGE_SHIFT]) << INDEX_BITS | index;
}

static inline struct zspage *zspage_of(long pfn)
{
	return (struct zspage *)mem_map[pfn].private;
}

/* --- lists --- */

static inline unsigned group_of(const struct zspage *zspage)
{
	unsigned inuse = zspage->inuse, objects = zspage->class->objects;

	if (!inuse)
		return 0;
	if (inuse == objects)
		return FULL;
	if (ten_percent)
		return 100 * inuse / objects / 10 + 1;
	return inuse <= 3 * objects / 4 ? 1 : 2;
}

static inline void insert_zspage(struct zspage *zspage, unsigned group)
{
	struct list_head *head = zspage->class->groups + group;

	zspage->group = group;
	if (emptier_second && !list_empty(head) &&
	    zspage->inuse < container_of(head->next, struct zspage, list)->inuse)
		head = head->next;
	list_add(&zspage->list, head);
}

static inline unsigned fix_group(struct zspage *zspage)
{
	unsigned group = group_of(zspage);

	if (group != zspage->group) {
		list_del(&zspage->list);
		insert_zspage(zspage, group);
	}
	return group;
}

static inline struct zspage *first(const struct size_class *class, int group)
{
	if (list_empty(class->groups + group))
		return NULL;
	return container_of(class->groups[group].next, struct zspage, list);
}

/* --- zspages --- */

static struct zspage *alloc_zspage(struct size_class *class)
{
	struct zspage *zspage = free_zspages;

	if (zspage)
		free_zspages = (struct zspage *)zspage->list.next;
	else
		zspage = malloc(sizeof(*zspage));
	zspage->class = class;
	zspage->inuse = zspage->freeobj = zspage->readers = 0;
	for (long i = 0; i < class->pages; i++) {
		struct page *page = alloc_pages(0, MOVABLE);

		if (!page) {
			while (i--)
				put_page(zspage->chain[i]);
			zspage->list.next = (struct list_head *)free_zspages;
			free_zspages = zspage;
			return NULL;
		}
		page->mapcount = ZSMALLOC_MAPCOUNT;
		page->private = (unsigned long)zspage;
		zspage->chain[i] = page;
	}
	for (long i = 0; i < class->objects; i++)
		*word(zspage, i) = (i + 1) << 1;
	class->allocated += class->objects;
	pages_nr += class->pages;
	return zspage;
}

static void free_zspage(struct zspage *zspage)
{
	struct size_class *class = zspage->class;

	for (long i = 0; i < class->pages; i++)
		if (zspage->chain[i]->flags & PG_LOCKED)
			return;
	list_del(&zspage->list);
	for (long i = 0; i < class->pages; i++) {
		zspage->chain[i]->private = 0;
		put_page(zspage->chain[i]);
	}
	class->allocated -= class->objects;
	pages_nr -= class->pages;
	zspage->list.next = (struct list_head *)free_zspages;
	free_zspages = zspage;
}

/* --- objects --- */

static inline void obj_malloc(struct zspage *zspage, union cell *handle)
{
	long index = zspage->freeobj;
	unsigned long *at = word(zspage, index);

	zspage->freeobj = *at >> 1;
	*at = (unsigned long)handle | ALLOCATED;
	zspage->inuse++;
	handle->place = place_of(zspage, index);
}

static inline void obj_free(struct zspage *zspage, long index)
{
	*word(zspage, index) = (unsigned long)zspage->freeobj << 1;
	zspage->freeobj = index;
	zspage->inuse--;
}

static union cell *zs_malloc(long size)
{
	long number = size <= 24 ? 0 : (size + 8 - 32 + 15) / 16;
	union cell *handle = free_cells;
	struct size_class *class;
	struct zspage *zspage = NULL;

	if (size <= 0 || size > (long)PAGE_SIZE)
		return NULL;
	if (handle)
		free_cells = handle->next;
	else
		handle = malloc(sizeof(*handle));
	class = classes + used_class[number < CLASSES ? number : CLASSES - 1];
	for (int group = FULL - 1; group >= 0 && !zspage; group--)
		zspage = first(class, group);
	if (zspage) {
		obj_malloc(zspage, handle);
		fix_group(zspage);
	} else {
		zspage = alloc_zspage(class);
		if (!zspage) {
			handle->next = free_cells;
			free_cells = handle;
			return NULL;
		}
		obj_malloc(zspage, handle);
		insert_zspage(zspage, group_of(zspage));
	}
	class->used++;
	return handle;
}

static void zs_free(union cell *handle)
{
	struct zspage *zspage = zspage_of(handle->place >> INDEX_BITS);

	obj_free(zspage, handle->place & ((1 << INDEX_BITS) - 1));
	zspage->class->used--;
	if (!fix_group(zspage))
		free_zspage(zspage);
	handle->next = free_cells;
	free_cells = handle;
}

/* --- moving --- */

static int migrate_page(struct page *old)
{
	struct zspage *zspage = (struct zspage *)old->private;
	const struct size_class *class = zspage->class;
	struct page *new;
	long at = 0, index, end;

	old->count++;
	new = alloc_pages(0, MOVABLE);
	if (!new) {
		put_page(old);
		return -ENOMEM;
	}
	if (old->flags & PG_LOCKED || old->count != 2 || zspage->readers) {
		put_page(old);
		put_page(new);
		return zspage->readers && busy ? -EBUSY : -EAGAIN;
	}
	old->flags |= PG_LOCKED;
	new->flags |= PG_LOCKED;
	memcpy(memory + (page_to_pfn(new) << PAGE_SHIFT), memory + (page_to_pfn(old) << PAGE_SHIFT),
	       PAGE_SIZE);
	new->mapping = old->mapping;
	while (zspage->chain[at] != old)
		at++;
	zspage->chain[at] = new;
	index = (at * PAGE_SIZE + class->size - 1) / class->size;
	end = ((at + 1) * PAGE_SIZE + class->size - 1) / class->size;
	for (; index < end && index < class->objects; index++) {
		unsigned long found = *word(zspage, index);

		if (found & ALLOCATED)
			((union cell *)(found & ~1UL))->place = place_of(zspage, index);
	}
	new->mapcount = ZSMALLOC_MAPCOUNT;
	new->private = old->private;
	old->private = 0;
	old->flags &= ~PG_LOCKED;
	new->flags &= ~PG_LOCKED;
	old->count--;
	put_page(old);
	return 0;
}

static void copy_object(struct zspage *target, long new, struct zspage *source, long old)
{
	long size = source->class->size;

	for (long done = 0, count; done < size; done += count) {
		long from = old * size + done, to = new * size + done;
		long here = from & (PAGE_SIZE - 1), there = to & (PAGE_SIZE - 1);

		count = PAGE_SIZE - (here > there ? here : there);
		if (count > size - done)
			count = size - done;
		memcpy(memory + (page_to_pfn(target->chain[to >> PAGE_SHIFT]) << PAGE_SHIFT) + there,
		       memory + (page_to_pfn(source->chain[from >> PAGE_SHIFT]) << PAGE_SHIFT) + here,
		       count);
	}
}

static bool migrate_zspage(struct zspage *source, struct zspage *target)
{
	long objects = source->class->objects;

	for (long index = 0; index < objects; index++) {
		unsigned long found = *word(source, index);
		long free = target->freeobj, next;

		if (!(found & ALLOCATED))
			continue;
		if (target->inuse == objects)
			return false;
		next = *word(target, free) >> 1;
		copy_object(target, free, source, index);
		*word(target, free) = next << 1;
		obj_malloc(target, (union cell *)(found & ~1UL));
		obj_free(source, index);
	}
	return true;
}

static struct zspage *isolate(struct size_class *class, int from, int to, int step)
{
	for (int group = from; group != to; group += step) {
		struct zspage *zspage = first(class, group);

		if (zspage) {
			list_del(&zspage->list);
			return zspage;
		}
	}
	return NULL;
}

static long putback(struct zspage *zspage)	/* the pages that this freed */
{
	long pages = zspage->class->pages;

	insert_zspage(zspage, group_of(zspage));
	if (zspage->inuse)
		return 0;
	free_zspage(zspage);
	return pages;
}

static long gain(const struct size_class *class)
{
	return (class->allocated - class->used) / class->objects;
}

static long compact_source_first(struct size_class *class)
{
	struct zspage *source, *target;
	long freed = 0;

	while ((source = isolate(class, 1, FULL, 1))) {
		bool empty = false;

		if (source->readers || !gain(class)) {
			putback(source);
			break;
		}
		while (!empty && (target = isolate(class, FULL - 1, 0, -1))) {
			empty = migrate_zspage(source, target);
			putback(target);
		}
		freed += putback(source);
		if (!empty)
			break;
	}
	return freed;
}

static long compact_destination_first(struct size_class *class)
{
	struct zspage *source, *target = NULL;
	long freed = 0;

	while (gain(class)) {
		if (!target)
			target = isolate(class, FULL - 1, 0, -1);
		if (!target)
			break;
		source = isolate(class, 1, FULL, 1);
		if (!source)
			break;
		if (source->readers) {
			putback(source);
			break;
		}
		migrate_zspage(source, target);
		freed += putback(source);
		if (target->inuse == class->objects) {
			putback(target);
			target = NULL;
		}
	}
	if (target)
		putback(target);
	return freed;
}

/* --- loops, twins of those in benchmarks/zsmalloc_drivers.py --- */

long churn(union cell **handles, const int32_t *slots, const int32_t *sizes, long n)
{
	long sum = 0;

	for (long i = 0; i < n; i++) {
		if (handles[slots[i]])
			zs_free(handles[slots[i]]);
		handles[slots[i]] = zs_malloc(sizes[i]);
		sum += handles[slots[i]]->place;
	}
	return sum + pages_nr;
}

long release(union cell **handles, const int32_t *slots, long n)
{
	for (long i = 0; i < n; i++)
		if (handles[slots[i]]) {
			zs_free(handles[slots[i]]);
			handles[slots[i]] = NULL;
		}
	return pages_nr;
}

long migrate(union cell **handles, const int32_t *slots, long n)
{
	long sum = 0;

	for (long i = 0; i < n; i++) {
		long pfn = handles[slots[i]]->place >> INDEX_BITS;

		sum += pfn + migrate_page(mem_map + pfn);
	}
	return sum;
}

long compact(union cell **handles, long n)
{
	long sum = 0;

	for (long i = CLASSES - 1; i >= 0; i--)
		if (used_class[i] == i)
			sum += destination_first ? compact_destination_first(classes + i)
						 : compact_source_first(classes + i);
	for (long i = 0; i < n; i++)
		if (handles[i])
			sum += handles[i]->place;
	return sum;
}
