"""zsmalloc: sizes and record types.

The arrays here are empty on a machine without a zsmalloc pool. They grow when needed, see
`zbudlab.mm.zsmalloc_tables`.
"""

import numpy as np

from zbudlab.layout.memory import PAGE_SIZE

ZS_MIN_ALLOC_SIZE = 32  #: the smallest class, bytes
ZS_MAX_ALLOC_SIZE = PAGE_SIZE
ZS_SIZE_CLASS_DELTA = 16  # bytes from one class to the next
ZS_SIZE_CLASSES = (ZS_MAX_ALLOC_SIZE - ZS_MIN_ALLOC_SIZE) // ZS_SIZE_CLASS_DELTA + 1
ZS_HANDLE_SIZE = 8  # the word in front of an object; a huge object has none
ZS_MAX_CHAIN = 16  #: the most pages of a zspage (CONFIG_ZSMALLOC_CHAIN_SIZE)
ZS_MAX_OBJECTS = 256  #: the most objects of a zspage, in all classes of all chain sizes

# Fullness groups of a zspage. Without the rule `groups_of_ten_percent` there are only two between
# the empty and the full ones: 1 is "almost empty", 2 is "almost full".
ZS_EMPTY = 0
ZS_ALMOST_EMPTY = 1
ZS_FULL = 11
ZS_GROUPS = ZS_FULL + 1

# A place is pfn << OBJ_INDEX_BITS | index: the frame in which an object starts, and its number in
# its zspage.
OBJ_INDEX_BITS = 15
OBJ_INDEX_MASK = (1 << OBJ_INDEX_BITS) - 1

# The word of an object: handle << OBJ_TAG_BITS | OBJ_ALLOCATED_TAG, or, of a free one, the next
# free index << OBJ_TAG_BITS. In Linux it is in front of the object, here in `mem.objects`.
OBJ_TAG_BITS = 1
OBJ_ALLOCATED_TAG = 1

zspage = np.dtype(
    [
        ("next", "u4", (1,)),  # list of its class and group: zspages, or list heads
        ("prev", "u4", (1,)),
        ("first_object", "u4"),  # its words are objects[first_object ..]
        ("freeobj", "u4"),  # index of the free object that is allocated next
        ("inuse", "u4"),  # objects allocated
        ("readers", "u4"),  # mappings of its objects
        ("size_class", "u4"),  # place in `size_classes`
        ("group", "u4"),  # ZS_EMPTY .. ZS_FULL
        ("chain", "u4", (ZS_MAX_CHAIN,)),  # its page frames in order
    ],
    align=True,
)
assert zspage.itemsize == 96

size_class = np.dtype(
    [
        ("used", "i8"),  # number of the class that has the objects of this one
        ("object_size", "i8"),  # of the class used, bytes
        ("pages_per_zspage", "i8"),
        ("objs_per_zspage", "i8"),
        ("list_heads", "i8"),  # zspage record that heads the list of group 0
        ("obj_allocated", "i8"),  # objects of all zspages, allocated or not
        ("obj_used", "i8"),  # objects allocated
    ],
    align=True,
)

# What is free in the arrays of zspages, handles, words and pages of z3fold, which all pools share.
zs_arena = np.dtype(
    [
        ("free_zspage", "i8"),  # the first free record, linked through next[0]; 0 = none
        ("unused_zspage", "i8"),  # the lowest record never used
        ("nr_zspages", "i8"),  # zspages
        ("nr_heads", "i8"),  # records that are list heads
        ("free_handle", "i8"),  # the first free handle; it holds -1 - the next
        ("unused_handle", "i8"),  # the lowest handle never used
        ("nr_handles", "i8"),  # handles in use
        ("unused_object", "i8"),  # the lowest word never used
        ("free_z3fold", "i8"),  # z3fold: the first free record, linked through next[0]; 0 = none
        ("unused_z3fold", "i8"),  # the lowest record never used
        ("nr_z3folds", "i8"),  # records of pages
        ("nr_z3fold_heads", "i8"),  # records that are list heads
        ("free_objects", "i8", (ZS_MAX_OBJECTS + 1,)),  # first free run of so many words; 0 = none
    ],
    align=True,
)
