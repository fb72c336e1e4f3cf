"""Circular doubly linked lists threaded through records, as Linux's `struct list_head`.

A node is the number of a record; `link` says which of the record's lists is meant (a zbud header
is on two at once). A list is known by its head, a record that holds no element: an empty list's
head points to itself, so nothing here needs a branch for "empty" or "last".

Source: include/linux/list.h (v3.12).
"""

import numpy as np

from zbudlab.jit import kernel


@kernel
def init_list_head(records, link, head):
    """Make `head` an empty list."""
    records[head].next[link] = head
    records[head].prev[link] = head


@kernel
def list_empty(records, link, head):
    """Whether the list has no element."""
    return records[head].next[link] == head


@kernel
def _insert(records, link, new, prev, following):
    records[new].next[link] = following
    records[new].prev[link] = prev
    records[prev].next[link] = new
    records[following].prev[link] = new


@kernel
def list_add(records, link, new, head):
    """Put `new` first."""
    _insert(records, link, new, head, records[head].next[link])


@kernel
def list_add_tail(records, link, new, head):
    """Put `new` last."""
    _insert(records, link, new, records[head].prev[link], head)


@kernel
def list_del(records, link, entry):
    """Take `entry` off its list; its own links keep their old values."""
    prev = records[entry].prev[link]
    following = records[entry].next[link]
    records[prev].next[link] = following
    records[following].prev[link] = prev


@kernel
def list_move(records, link, entry, head):
    """Take `entry` off its list and put it first on another, or on the same."""
    list_del(records, link, entry)
    list_add(records, link, entry, head)


@kernel
def list_replace(records, link, old, new):
    """Put `new` in the place of `old`, between the same neighbours."""
    prev = records[old].prev[link]
    following = records[old].next[link]
    _insert(records, link, new, prev, following)


@kernel
def list_length(records, link, head, at_most):
    """How many elements a list has; -1 if its links do not agree or it has more than `at_most`."""
    length = 0
    at = head
    while True:
        following = records[at].next[link]
        if following >= records.shape[0] or records[following].prev[link] != at:
            return -1
        if following == head:
            return length
        length += 1
        if length > at_most:
            return -1
        at = np.int64(following)


@kernel(inline=False)
def list_entries(records, link, head, entries):
    """Write the elements, first to last, into `entries` as far as it has room; how many."""
    count = 0
    at = np.int64(records[head].next[link])
    while at != head and count < entries.shape[0]:
        entries[count] = at
        count += 1
        at = np.int64(records[at].next[link])
    return count
