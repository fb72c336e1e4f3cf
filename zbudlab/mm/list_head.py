"""Circular doubly linked lists threaded through records, like Linux's `struct list_head`.

A node is the number of a record. `link` selects one of the record's lists (a zbud header is on two
at once). A list is known by its head, a record that is not an element. The head of an empty list
points to itself, so no function needs a branch for "empty" or "last".

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
    """Return whether the list has no element."""
    return records[head].next[link] == head


@kernel
def _insert(records, link, new, prev, following):
    records[new].next[link] = following
    records[new].prev[link] = prev
    records[prev].next[link] = new
    records[following].prev[link] = new


@kernel
def list_add(records, link, new, head):
    """Insert `new` as the first element."""
    _insert(records, link, new, head, records[head].next[link])


@kernel
def list_add_tail(records, link, new, head):
    """Insert `new` as the last element."""
    _insert(records, link, new, records[head].prev[link], head)


@kernel
def list_del(records, link, entry):
    """Remove `entry` from its list; its own links keep their old values."""
    prev = records[entry].prev[link]
    following = records[entry].next[link]
    records[prev].next[link] = following
    records[following].prev[link] = prev


@kernel
def list_move(records, link, entry, head):
    """Move `entry` to the front of a list."""
    list_del(records, link, entry)
    list_add(records, link, entry, head)


@kernel
def list_replace(records, link, old, new):
    """Replace `old` by `new`, between the same neighbours."""
    prev = records[old].prev[link]
    following = records[old].next[link]
    _insert(records, link, new, prev, following)


@kernel
def list_length(records, link, head, at_most):
    """Return the number of elements, or -1 for inconsistent links or more than `at_most`."""
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
    """Write the elements in order into `entries` as far as it has room. Return their number."""
    count = 0
    at = np.int64(records[head].next[link])
    while at != head and count < entries.shape[0]:
        entries[count] = at
        count += 1
        at = np.int64(records[at].next[link])
    return count
