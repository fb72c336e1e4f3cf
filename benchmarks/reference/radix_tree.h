/* The radix tree: 64 pointers a node; the lowest bit of a root marks a node, not an item. */
#ifndef RADIX_TREE_H
#define RADIX_TREE_H

#include <stdint.h>
#include <string.h>

#include "list_head.h"

#define MAP_SHIFT 6
#define MAP_SIZE 64
#define MAP_MASK 63
#define MAX_HEIGHT 11
#define EEXIST 17

struct radix_tree_node {
	unsigned height, count;
	struct radix_tree_node *parent;
	void *slots[MAP_SIZE];
};

struct radix_tree_root {
	unsigned height;
	void *rnode;
};

static struct radix_tree_node *free_nodes;	/* through slots[0] */
static struct radix_tree_node *never_used;
static unsigned long max_index[MAX_HEIGHT + 1];

static void radix_tree_init(struct radix_tree_node *nodes)
{
	free_nodes = NULL;
	never_used = nodes;
	for (int height = 0; height <= MAX_HEIGHT; height++)
		max_index[height] = height < MAX_HEIGHT ? (1UL << height * MAP_SHIFT) - 1 : ~0UL;
}

static inline bool is_node(const void *root)
{
	return (uintptr_t)root & 1;
}

static inline struct radix_tree_node *to_node(const void *root)
{
	return (struct radix_tree_node *)((uintptr_t)root & ~1UL);
}

static inline void *to_root(const struct radix_tree_node *node)
{
	return (void *)((uintptr_t)node | 1);
}

static inline struct radix_tree_node *alloc_node(void)
{
	struct radix_tree_node *node = free_nodes;

	if (!node)
		return never_used++;
	free_nodes = node->slots[0];
	node->slots[0] = NULL;
	node->count = 0;
	return node;
}

static inline void free_node(struct radix_tree_node *node)
{
	node->slots[0] = free_nodes;
	free_nodes = node;
}

static inline void **radix_tree_lookup_slot(struct radix_tree_root *root, unsigned long key)
{
	void *at = root->rnode;
	void **slot;

	if (!at)
		return NULL;
	if (!is_node(at))
		return key ? NULL : &root->rnode;
	at = to_node(at);
	unsigned height = ((struct radix_tree_node *)at)->height;
	if (key > max_index[height])
		return NULL;
	unsigned shift = (height - 1) * MAP_SHIFT;
	do {
		slot = ((struct radix_tree_node *)at)->slots + (key >> shift & MAP_MASK);
		at = *slot;
		if (!at)
			return NULL;
		shift -= MAP_SHIFT;
	} while (--height);
	return slot;
}

static inline void *radix_tree_lookup(struct radix_tree_root *root, unsigned long key)
{
	void **slot = radix_tree_lookup_slot(root, key);

	return slot ? *slot : NULL;
}

static void radix_tree_extend(struct radix_tree_root *root, unsigned long key)
{
	unsigned height = root->height + 1;

	while (key > max_index[height])
		height++;
	if (!root->rnode) {
		root->height = height;
		return;
	}
	while (root->height < height) {
		struct radix_tree_node *node = alloc_node();
		void *below = root->rnode;

		if (is_node(below)) {
			below = to_node(below);
			((struct radix_tree_node *)below)->parent = node;
		}
		node->slots[0] = below;
		node->count = 1;
		node->parent = NULL;
		node->height = ++root->height;
		root->rnode = to_root(node);
	}
}

static int radix_tree_insert(struct radix_tree_root *root, unsigned long key, void *item)
{
	struct radix_tree_node *node = NULL, *at;
	unsigned offset = 0;

	if (key > max_index[root->height])
		radix_tree_extend(root, key);
	at = root->height ? to_node(root->rnode) : root->rnode;
	unsigned height = root->height, shift = (height - 1) * MAP_SHIFT;
	while (height) {
		if (!at) {
			at = alloc_node();
			at->height = height;
			at->parent = node;
			if (node) {
				node->slots[offset] = at;
				node->count++;
			} else {
				root->rnode = to_root(at);
			}
		}
		offset = key >> shift & MAP_MASK;
		node = at;
		at = node->slots[offset];
		shift -= MAP_SHIFT;
		height--;
	}
	if (at)
		return -EEXIST;
	if (node) {
		node->count++;
		node->slots[offset] = item;
	} else {
		root->rnode = item;
	}
	return 0;
}

static inline void radix_tree_shrink(struct radix_tree_root *root)
{
	while (root->height) {
		struct radix_tree_node *top = to_node(root->rnode);
		void *below = top->slots[0];

		if (top->count != 1 || !below)
			return;
		root->height--;
		if (root->height) {
			((struct radix_tree_node *)below)->parent = NULL;
			below = to_root(below);
		}
		root->rnode = below;
		free_node(top);
	}
}

static void *radix_tree_delete(struct radix_tree_root *root, unsigned long key)
{
	unsigned height = root->height, shift = height * MAP_SHIFT, offset = 0;
	struct radix_tree_node *node = NULL;
	void *at = root->rnode, *item;

	if (key > max_index[height])
		return NULL;
	if (!height) {
		root->rnode = NULL;
		return at;
	}
	at = to_node(at);
	do {
		if (!at)
			return NULL;
		shift -= MAP_SHIFT;
		offset = key >> shift & MAP_MASK;
		node = at;
		at = node->slots[offset];
	} while (shift);
	item = at;
	if (!item)
		return NULL;
	while (node) {
		struct radix_tree_node *parent = node->parent;

		node->slots[offset] = NULL;
		if (--node->count) {
			if (node == to_node(root->rnode))
				radix_tree_shrink(root);
			return item;
		}
		key >>= MAP_SHIFT;
		offset = key & MAP_MASK;
		free_node(node);
		node = parent;
	}
	root->height = 0;
	root->rnode = NULL;
	return item;
}

#endif
