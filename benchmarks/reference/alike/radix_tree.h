/* The radix tree with 32-bit slots, as zbudlab/mm/radix_tree.py; the root is the pool. */
#ifndef RADIX_TREE_H
#define RADIX_TREE_H

#include "layout.h"

#define MAP_SHIFT 6
#define MAP_SIZE 64
#define MAP_MASK 63
#define PRELOAD_SIZE 21
#define BATCH 16

static int64_t nr_nodes;

ALWAYS unsigned slot_at(uint64_t key, long shift)
{
	return key >> shift & MAP_MASK;
}

ALWAYS bool key_fits(uint64_t key, long height)
{
	return height ? key >> ((height - 1) * MAP_SHIFT) < MAP_SIZE : !key;
}

ALWAYS uint32_t alloc_node(uint32_t parent)
{
	uint32_t number = nodes->slots[0];

	if (number) {
		nodes->slots[0] = nodes[number].slots[0];
		nodes[number].slots[0] = 0;
	} else {
		number = nodes->slots[1]++;
		memset(nodes[number].slots, 0, sizeof(nodes->slots));
	}
	nodes->count++;
	nodes[number].count = 0;
	nodes[number].parent = parent;
	return number;
}

ALWAYS void free_node(uint32_t number)
{
	nodes[number].slots[0] = nodes->slots[0];
	nodes->slots[0] = number;
	nodes->count--;
}

/* The node of the lowest level; 0 = none. Trees of height 0 are the caller's business. */
ALWAYS uint32_t lowest_node(uint64_t key)
{
	uint32_t number = pool->rnode;

	if (!number || !key_fits(key, pool->height))
		return 0;
	for (long shift = (pool->height - 1) * MAP_SHIFT; shift; shift -= MAP_SHIFT) {
		number = nodes[number].slots[slot_at(key, shift)];
		if (!number)
			return 0;
	}
	return number;
}

ALWAYS uint32_t radix_tree_lookup(uint64_t key)
{
	if (!pool->height)
		return key ? 0 : pool->rnode;
	uint32_t number = lowest_node(key);

	return number ? nodes[number].slots[slot_at(key, 0)] : 0;
}

ALWAYS void radix_tree_replace(uint64_t key, uint32_t item)
{
	if (!pool->height)
		pool->rnode = item;
	else
		nodes[lowest_node(key)].slots[slot_at(key, 0)] = item;
}

static void radix_tree_lookup_batch(const int64_t *keys, int64_t *items, long n)
{
	for (long start = 0; start < n; start += BATCH) {
		long end = start + BATCH < n ? start + BATCH : n;
		uint32_t at[BATCH];

		for (long i = start; i < end; i++)
			at[i - start] = key_fits(keys[i], pool->height) ? pool->rnode : 0;
		for (long shift = pool->height * MAP_SHIFT; shift; shift -= MAP_SHIFT)
			for (long i = start; i < end; i++) {
				unsigned slot = slot_at(keys[i], shift - MAP_SHIFT);
				uint32_t below = nodes[at[i - start]].slots[slot];

				at[i - start] = at[i - start] ? below : 0;
			}
		for (long i = start; i < end; i++)
			items[i] = at[i - start];
	}
}

static void radix_tree_extend(uint64_t key)
{
	long height = pool->height + 1;

	while (!key_fits(key, height))
		height++;
	if (!pool->rnode) {
		pool->height = height;
		return;
	}
	while (pool->height < height) {
		uint32_t number = alloc_node(0);

		nodes[number].slots[0] = pool->rnode;
		nodes[number].count = 1;
		if (pool->height)
			nodes[pool->rnode].parent = number;
		pool->rnode = number;
		pool->height++;
	}
}

ALWAYS void link_child(uint32_t parent, unsigned slot, uint32_t child)
{
	if (parent) {
		nodes[parent].slots[slot] = child;
		nodes[parent].count++;
	} else {
		pool->rnode = child;
	}
}

ALWAYS int radix_tree_insert(uint64_t key, uint32_t item)
{
	uint32_t parent = 0, number;
	unsigned slot = 0;

	if (nr_nodes - 1 - nodes->count < PRELOAD_SIZE)
		return radix_tree_lookup(key) ? -EEXIST : -ENOMEM;
	if (!key_fits(key, pool->height))
		radix_tree_extend(key);
	number = pool->rnode;
	for (long shift = pool->height * MAP_SHIFT; shift;) {
		if (!number) {
			number = alloc_node(parent);
			link_child(parent, slot, number);
		}
		shift -= MAP_SHIFT;
		parent = number;
		slot = slot_at(key, shift);
		number = nodes[parent].slots[slot];
	}
	if (number)
		return -EEXIST;
	link_child(parent, slot, item);
	pool->items++;
	return 0;
}

static void radix_tree_shrink(void)
{
	while (pool->height) {
		uint32_t top = pool->rnode, below = nodes[top].slots[0];

		if (nodes[top].count != 1 || !below)
			return;
		pool->rnode = below;
		if (--pool->height)
			nodes[below].parent = 0;
		free_node(top);
	}
}

ALWAYS uint32_t radix_tree_delete(uint64_t key)
{
	uint32_t item, number = 0;

	if (!pool->height) {
		item = key ? 0 : pool->rnode;
	} else {
		number = lowest_node(key);
		item = number ? nodes[number].slots[slot_at(key, 0)] : 0;
	}
	if (!item)
		return 0;
	pool->items--;
	for (long shift = 0; number; shift += MAP_SHIFT) {
		nodes[number].slots[slot_at(key, shift)] = 0;
		if (--nodes[number].count) {
			if (number == pool->rnode)
				radix_tree_shrink();
			return item;
		}
		uint32_t parent = nodes[number].parent;

		free_node(number);
		number = parent;
	}
	pool->rnode = 0;
	pool->height = 0;
	return item;
}

#endif
