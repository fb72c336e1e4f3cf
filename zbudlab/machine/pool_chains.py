"""Tables of zsmalloc and z3fold, followed without trusting any link.

Linux keeps these structures in slab caches and in pages; here they are tables that all pools share
(`mm.zsmalloc_tables`, `mm.z3fold_tables`). `spans` has the numbers that are used as an index, and
`follow`, once those are within their bounds, goes through lists, free records and handles, each of
which must lead where nothing else does. `mm.zsmalloc_check` and `mm.z3fold_check` do the rest.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from zbudlab import layout
from zbudlab.layout import BUDDY, LRU, OBJ_INDEX_BITS, OBJ_TAG_BITS, WORK, ZPOOL_ZSMALLOC
from zbudlab.machine.piles import Broken, check_disjoint, pile
from zbudlab.mm.state import State

Ints = NDArray[np.int64]
Span = tuple[str, NDArray, float, float]  # what it is, the numbers, the least and the greatest
Z3FOLD_LISTS = ((BUDDY, layout.Z3FOLD_NR_LISTS), (LRU, 1), (WORK, 1))  # links, lists by them


def spans(state: State, frames: int) -> Iterator[Span]:
    """Yield the numbers in the tables that are used as an index or a size, with their bounds."""
    arena, handles, zspages, z3folds = state.arenas, state.handles, state.zspages, state.z3folds
    yield "pool, pages_nr", state.pools["pages_nr"], 0, frames
    yield "pool, free_work", state.pools["free_work"], 0, 1
    lengths = {"zspage": zspages, "handle": handles, "object": state.objects, "z3fold": z3folds}
    for name, table in lengths.items():
        yield f"arena, unused_{name}", arena[f"unused_{name}"], 1, len(table)
    yield "arena, free_objects", arena["free_objects"], 0, len(state.objects) - 1
    yield "handle, frame", handles[handles >= 0] >> OBJ_INDEX_BITS, 0, frames - 1
    for link in ("next", "prev"):
        yield f"zspage, {link}", zspages[link], 0, len(zspages) - 1
        yield f"page of z3fold, {link}", z3folds[link], 0, len(z3folds) - 1
    yield "zspage, size_class", zspages["size_class"], 0, max(len(state.size_classes) - 1, 0)
    yield "zspage, group", zspages["group"], 0, layout.ZS_FULL
    yield "zspage, inuse", zspages["inuse"], 0, layout.ZS_MAX_OBJECTS
    yield "zspage, freeobj", zspages["freeobj"], 0, layout.ZS_MAX_OBJECTS
    yield "zspage, frame", zspages["chain"], 0, frames - 1
    yield "page of z3fold, frame", z3folds["pfn"], 0, frames - 1
    yield "page of z3fold, owner", z3folds["owner"], 0, len(state.pools)
    yield "page of z3fold, chunks", z3folds["chunks"], 0, layout.NCHUNKS
    yield "page of z3fold, start_middle", z3folds["start_middle"], 0, layout.NCHUNKS
    yield "page of z3fold, handle", z3folds["handles"], 0, len(handles) - 1


def follow(state: State, frames: int) -> None:
    """Follow every list, chain and handle. Raise Broken for the first invalid one."""
    if len(state.size_classes) or state.arenas["nr_z3fold_heads"][0]:
        zspages = _zspages(state)
        _words(state, zspages)
        _frames(state, zspages, frames)
        records = _z3fold_records(state)
        _z3fold_frames(state, records, frames)
        _handles(state, zspages, records)


def members(table: np.ndarray, link: int, head: int, what: str) -> list[int]:
    """Return the records on a list. Raise Broken unless it is linked both ways and ends."""
    following, before = table["next"][:, link], table["prev"][:, link]
    found: list[int] = []
    at = head
    while True:
        after = int(following[at])
        if int(before[after]) != at or len(found) > len(table):
            raise Broken(f"{what} {head} is not linked both ways")
        if after == head:
            return found
        found.append(after)
        at = after


# --- zsmalloc ----------------------------------------------------------------------------------


def _zspages(state: State) -> Ints:
    """Return the zspages that are on lists. Each must be on one list, that of its class."""
    arena, table = state.arenas[0], state.zspages
    firsts = state.size_classes["list_heads"].astype(np.int64)
    heads = (firsts[:, None] + np.arange(layout.ZS_GROUPS)).ravel()
    used: list[int] = []
    for place, head in enumerate(heads.tolist()):
        on_list = members(table, LRU, head, "zsmalloc's list")
        if on_list and (table["size_class"][on_list] != place // layout.ZS_GROUPS).any():
            raise Broken(f"zsmalloc's list {head} has a zspage of another class")
        used += on_list
    never = int(arena["unused_zspage"])
    free = pile(int(arena["free_zspage"]), table["next"][:, LRU], never, "zspages")
    check_disjoint([*used, *heads.tolist()], free, never, "zspages")
    if len(used) != arena["nr_zspages"]:
        raise Broken(f"{len(used)} zspages are on lists, {arena['nr_zspages']} are counted")
    return np.array(used, np.int64)


def _words(state: State, zspages: Ints) -> None:
    """Check that each word of the objects is in one run: that of a zspage, or a free one."""
    arena = state.arenas[0]
    never = int(arena["unused_object"])
    firsts = state.zspages["first_object"][zspages].astype(np.int64)
    counts = _objects(state, zspages)
    runs = list(zip(firsts.tolist(), counts.tolist(), strict=True))
    for count, first in enumerate(arena["free_objects"].tolist()):
        while first:
            runs.append((first, count))
            if not count or len(runs) > never or first >= never:
                raise Broken(f"zsmalloc's free runs of {count} words lead to {first}")
            first = int(state.objects[first])
    end = 1
    for first, count in sorted(runs):
        if first != end:
            raise Broken(f"zsmalloc's words {min(first, end)} on belong to two zspages or none")
        end += count
    if end != never:
        raise Broken(f"zsmalloc's words end at {end}, not at {never}")


def _objects(state: State, zspages: Ints) -> Ints:
    """Return how many objects each zspage has room for."""
    classes = state.size_classes[state.zspages["size_class"][zspages]]
    return classes["objs_per_zspage"].astype(np.int64)


def _chains(state: State, zspages: Ints) -> tuple[Ints, Ints]:
    """Return the page frames of zspages, and the zspage of each."""
    lengths = state.size_classes["pages_per_zspage"][state.zspages["size_class"][zspages]]
    within = np.arange(layout.ZS_MAX_CHAIN) < lengths[:, None]
    frames = state.zspages["chain"][zspages].astype(np.int64)[within]
    return frames, np.repeat(zspages, lengths)


def _frames(state: State, zspages: Ints, frames: int) -> None:
    """Check that the pages of zspages name them, and that no other zsmalloc page names any."""
    used, owners = _chains(state, zspages)
    own = state.pages[:frames]
    marked = own["mapcount"] == layout.PAGE_ZSMALLOC_MAPCOUNT_VALUE
    naming = np.flatnonzero(marked & (own["index"] > 0))
    if not np.array_equal(np.sort(used), naming) or (own["index"][used] != owners).any():
        raise Broken("pages of zsmalloc and zspages do not name each other")
    pools = own["private"][used].astype(np.int64)
    classes = state.zspages["size_class"][owners].astype(np.int64)
    inside = pools < len(state.pools)
    kinds = state.pools["kind"][pools * inside]
    first = state.pools["size_classes"][pools * inside]
    inside &= (kinds == ZPOOL_ZSMALLOC) & (classes >= first)
    if not (inside & (classes < first + layout.ZS_SIZE_CLASSES)).all():
        raise Broken("a page of zsmalloc is in the zspage of another pool")


# --- z3fold ------------------------------------------------------------------------------------


def _z3fold_records(state: State) -> Ints:
    """Return the records of z3fold's pages. Each list may contain only records of its pool."""
    arena, table = state.arenas[0], state.z3folds
    heads: list[int] = []
    for number, pool in enumerate(state.pools):
        first = int(pool["z3fold_heads"])
        if first < 0:
            continue
        heads += range(first, first + layout.Z3FOLD_NR_LISTS)
        for link, count in Z3FOLD_LISTS:
            for head in range(first, first + count):
                on_list = members(table, link, head, "z3fold's list")
                if on_list and (table["owner"][on_list] != number + 1).any():
                    raise Broken(f"z3fold's list {head} has a record of no page of its pool")
    never = int(arena["unused_z3fold"])
    used = np.flatnonzero(table["owner"][:never] > 0)
    free = pile(int(arena["free_z3fold"]), table["next"][:, LRU], never, "pages of z3fold")
    check_disjoint([*used.tolist(), *heads], free, never, "pages of z3fold")
    return used


def _z3fold_frames(state: State, records: Ints, frames: int) -> None:
    """Check that z3fold pages and their records name each other."""
    used, own = state.z3folds["pfn"][records].astype(np.int64), state.pages[:frames]
    marked = own["mapcount"] == layout.PAGE_Z3FOLD_MAPCOUNT_VALUE
    naming = np.flatnonzero(marked & (own["index"] > 0))
    if not np.array_equal(np.sort(used), naming) or (own["index"][used] != records).any():
        raise Broken("pages of z3fold and their records do not name each other")
    if (own["private"][used] + 1 != state.z3folds["owner"][records]).any():
        raise Broken("a page of z3fold is in another pool than its record")


# --- handles -----------------------------------------------------------------------------------


def _handles(state: State, zspages: Ints, records: Ints) -> None:
    """Check that the object each used handle leads to names it, and that the others are free."""
    arena, places = state.arenas[0], state.handles
    named = np.concatenate([_of_objects(state, zspages), _of_z3fold(state, records)])
    never = int(arena["unused_handle"])
    following = np.where(places < 0, -1 - places, never)
    free = pile(int(arena["free_handle"]), following, never, "handles")
    check_disjoint(named.tolist(), free, never, "handles")
    if (places[named] < 0).any() or len(named) != arena["nr_handles"]:
        raise Broken("a handle in use leads nowhere, or is not counted")


def _of_objects(state: State, zspages: Ints) -> Ints:
    """Return the handles in the words of objects."""
    counts = _objects(state, zspages)
    firsts = state.zspages["first_object"][zspages].astype(np.int64)
    starts = np.repeat(firsts - np.cumsum(counts) + counts, counts)
    words = state.objects[starts + np.arange(counts.sum())].astype(np.int64)
    return words[words & layout.OBJ_ALLOCATED_TAG != 0] >> OBJ_TAG_BITS


def _of_z3fold(state: State, records: Ints) -> Ints:
    """Return the handles of z3fold's objects."""
    found: Ints = state.z3folds["handles"][records].ravel()
    return found[found > 0]
