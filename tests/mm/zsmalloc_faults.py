"""Pools of zsmalloc whose records are damaged, and what a check cannot see in them."""

from functools import partial

import numpy as np

from tests.mm.single_faults import (
    READ_BACK,
    SETTING,
    UNREAD_OF_PAGES,
    Damage,
    Kind,
    Records,
    Unseen,
    frames_named,
    pool_fields,
    reasons,
)
from tests.mm.zsmalloc_engine import ZsmallocEngine
from zbudlab import layout
from zbudlab.mm import zsmalloc_check
from zbudlab.profiles import ZSMALLOC, ZSMALLOC_RULES

SOME_CLASSES = {0, 1, 100, 254}  #: classes without zspages that are damaged, too


def beyond_the_chain(damage: Damage) -> bool:
    zspage = damage.state.zspages[damage.record]
    return damage.at[0] >= damage.state.size_classes["pages_per_zspage"][zspage["size_class"]]


UNSEEN = {
    **UNREAD_OF_PAGES,
    **pool_fields(("pages_nr", "size_classes", "free_work"), ZSMALLOC_RULES),
    **reasons(READ_BACK, "arenas", *layout.zs_arena.names),
    "zspages.readers": Unseen("only the readers know how many they are"),
    "zspages.chain": Unseen("the zspage has fewer pages", beyond_the_chain),
    "pools.free_work": Unseen("work may be queued that finds nothing to do"),
    "pools.groups_of_ten_percent": Unseen(
        SETTING + "; seen where a group is no longer the right one", lambda damage: None
    ),
}


def filled(version: str, page_bytes: bool) -> Records:
    """Zspages that are full and in part used, with free objects on stacks, one of them read."""
    engine = ZsmallocEngine(ZSMALLOC[version], page_bytes)
    engine.state.create_pool(1, 0, layout.ZPOOL_ZSMALLOC, ZSMALLOC[version])
    sizes = (1000, 1000, 3000, 3000, 3000, 4090, *[1700] * 9)
    handles = [engine.malloc(size) for size in sizes]
    for handle in handles[7:15:3]:
        engine.free(handle)
    engine.map(handles[2])
    state, tables = engine.state, {array: {} for array in ARRAYS}
    for number in {int(engine.classes()["used"][which]) for which in SOME_CLASSES}:
        tables["size_classes"][number] = around_class(engine, number)
    tables["size_classes"] |= {which: around_class(engine, which) for which in SOME_CLASSES}
    for zs in sorted({int(state.pages["index"][pfn]) for pfn in engine.pages()}):
        add_zspage(engine, tables, zs)
    tables["pools"] = tables["arenas"] = {0: set().union(*tables["size_classes"].values())}
    heads = {"zspages": dict(list_heads(engine, tables))}
    return Records(state, lambda: zsmalloc_check.faults(state.mem, 0), tables, heads, UNSEEN)


def around_class(engine: ZsmallocEngine, number: int) -> set[str]:
    """Return what a check may name when a class, or the lists of it, are damaged.

    The lists of class 0 are where those of all others are counted from.
    """
    same = np.flatnonzero(engine.classes()["used"] == number).tolist()
    near = [number, *same, *([] if number else [1])]
    return {"pool 0", *(f"size class {which}" for which in near)}


def add_zspage(engine: ZsmallocEngine, tables: dict, zs: int) -> None:
    """Add a zspage with its pages, class, objects and handles."""
    state = engine.state
    number = int(state.zspages["size_class"][zs])
    frames, first = engine.frames_of(zs), int(state.zspages["first_object"][zs])
    near = tables["size_classes"].setdefault(number, around_class(engine, number))
    near |= frames_named(frames)  # shared by the zspages of the class
    words = range(first, first + int(state.size_classes["objs_per_zspage"][number]))
    found = state.objects[words].tolist()
    tables["pages"] |= {pfn: frames_named([pfn]) for pfn in frames}
    tables["zspages"][zs] = near
    tables["objects"] |= dict.fromkeys(words, near)
    used = [word >> layout.OBJ_TAG_BITS for word in found if word & layout.OBJ_ALLOCATED_TAG]
    tables["handles"] |= dict.fromkeys(used, near)


def list_heads(engine: ZsmallocEngine, tables: dict):
    """Yield the list heads of classes with zspages, and of some others: (record, near)."""
    some = {number for number in range(0, layout.ZS_SIZE_CLASSES, 40)}
    for number in sorted(some | set(tables["size_classes"])):
        each = engine.classes()[number]
        if each["used"] == number:
            first = int(each["list_heads"])
            near = tables["size_classes"].get(number) or around_class(engine, number)
            yield from dict.fromkeys(range(first, first + layout.ZS_GROUPS), near).items()


ARRAYS = {
    "pages": layout.page,
    "zspages": layout.zspage,
    "size_classes": layout.size_class,
    "objects": np.dtype(np.uint32),
    "handles": np.dtype(np.int64),
    "pools": layout.zbud_pool,
    "arenas": layout.zs_arena,
}
KINDS = {
    "zsmalloc 6.1": Kind(ARRAYS, partial(filled, "6.1", True)),
    "zsmalloc 7.3": Kind(ARRAYS, partial(filled, "7.3", False)),
}
