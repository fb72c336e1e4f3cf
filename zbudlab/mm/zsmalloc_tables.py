"""The tables of zsmalloc, and how they grow.

Linux allocates zspages and handles from slab caches, and keeps the words of objects in the pages
themselves. Here they are arrays that all pools share, so that a machine without page bytes has
them, too.
"""

from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.mm.growth import grown
from zbudlab.profiles import ZSMALLOC_RULES, ZsmallocRules

HEADS = layout.ZS_SIZE_CLASSES * layout.ZS_GROUPS  #: list heads of a pool
#: Words that a batch of objects can take besides one each: the rest of a zspage in each class.
SPARE_WORDS = layout.ZS_SIZE_CLASSES * layout.ZS_MAX_OBJECTS


def make_tables(state: Any) -> None:
    """Give a machine the tables, empty. state: a `zbudlab.mm.state.State`."""
    state.zspages = np.zeros(1, layout.zspage)
    state.size_classes = np.zeros(0, layout.size_class)
    state.objects = np.zeros(1, np.uint32)
    state.handles = np.zeros(1, np.int64)
    state.arenas = np.zeros(1, layout.zs_arena)
    state.pools["size_classes"] = -1
    for field in ("unused_zspage", "unused_handle", "unused_object"):
        state.arenas[field] = 1


def make_classes(state: Any, number: int, rules: ZsmallocRules) -> None:
    """Give pool `number` its rules, size classes and list heads, or keep those that it has."""
    pool, arena = state.pools[number], state.arenas[0]
    for rule in ZSMALLOC_RULES:
        pool[rule] = getattr(rules, rule)
    if pool["size_classes"] >= 0:
        return
    pool["size_classes"] = len(state.size_classes)
    heads = int(arena["unused_zspage"])
    classes = np.zeros(layout.ZS_SIZE_CLASSES, layout.size_class)
    classes["list_heads"] = heads + np.arange(len(classes)) * layout.ZS_GROUPS
    state.size_classes = np.concatenate([state.size_classes, classes])
    arena["unused_zspage"] += HEADS
    arena["nr_heads"] += HEADS
    if heads + HEADS > len(state.zspages):
        state.zspages = grown(state.zspages, heads + HEADS)


def reserve(state: Any, count: int) -> None:
    """Make room for `count` more objects, if there is a zsmalloc pool."""
    if not len(state.size_classes):
        return
    arena = state.arenas[0]
    needed = {
        "zspages": 1 + arena["nr_heads"] + arena["nr_zspages"] + count,
        "handles": 1 + arena["nr_handles"] + count,
        "objects": arena["unused_object"] + count + SPARE_WORDS,
    }
    for name, length in needed.items():
        if length > len(getattr(state, name)):
            setattr(state, name, grown(getattr(state, name), int(length)))
