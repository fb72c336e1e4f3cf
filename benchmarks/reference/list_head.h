/* Circular doubly linked lists of 64-bit pointers, threaded through their elements. */
#ifndef LIST_HEAD_H
#define LIST_HEAD_H

#include <stdbool.h>
#include <stddef.h>

struct list_head {
	struct list_head *next, *prev;
};

#define container_of(at, type, member) ((type *)((char *)(at) - offsetof(type, member)))

static inline void init_list_head(struct list_head *head)
{
	head->next = head->prev = head;
}

static inline bool list_empty(const struct list_head *head)
{
	return head->next == head;
}

static inline void list_insert(struct list_head *new, struct list_head *prev,
			       struct list_head *following)
{
	new->next = following;
	new->prev = prev;
	prev->next = new;
	following->prev = new;
}

static inline void list_add(struct list_head *new, struct list_head *head)
{
	list_insert(new, head, head->next);
}

static inline void list_add_tail(struct list_head *new, struct list_head *head)
{
	list_insert(new, head->prev, head);
}

static inline void list_del(struct list_head *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
}

static inline void list_replace(struct list_head *old, struct list_head *new)
{
	list_insert(new, old->prev, old->next);
}

#endif
