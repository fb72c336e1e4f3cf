"""A pool of z3fold whose records are damaged, and what a check cannot see in it."""

from functools import partial

import numpy as np

from tests.mm.single_faults import (
    READ_BACK,
    UNREAD_OF_PAGES,
    WORDS,
    Damage,
    Kind,
    Records,
    Unseen,
    frames_named,
    pool_fields,
    reasons,
)
from tests.mm.z3fold_engine import Z3foldEngine
from zbudlab import layout
from zbudlab.layout import BUDDY
from zbudlab.mm import inspection, z3fold_check, z3fold_page


def still_fits(damage: Damage) -> bool:
    """Return whether the page still agrees with itself and with the list that it is on.

    No object overlaps another or vanishes. The sizes that the owner asked for are nowhere else, and
    an object may be anywhere in its gap.
    """
    record = damage.state.z3folds[damage.record : damage.record + 1].view(np.recarray)[0]
    if damage.field == "chunks":
        there = record.chunks[layout.Z3FOLD_FIRST :] != 0
        if (there != (record.handles[layout.Z3FOLD_FIRST :] != 0)).any():
            return False
    if z3fold_check.objects_overlap.py_func(record):
        return False
    if record.page_state & layout.Z3FOLD_NEEDS_COMPACTING:
        return True  # still on the list where it was
    free = int(z3fold_page.z3fold_num_free_chunks.py_func(record))
    return list_of(damage.state, damage.record) in (None, free)


def list_of(state, record: int) -> int | None:
    """Return the list by free chunks that a page is on."""
    heads = int(state.pools["z3fold_heads"][0])
    for free in range(layout.Z3FOLD_NO_LIST + 1):
        if record in inspection.list_members(state.z3folds, BUDDY, heads + free):
            return free
    return None


def beyond_two_bits(damage: Damage) -> bool:
    """Return whether mapped_count does not show the bit; without a header it counts nothing."""
    state = damage.state.z3folds["page_state"][damage.record]
    return bool(damage.bit > 1 or state & layout.Z3FOLD_PAGE_HEADLESS)


def on_other_links(damage: Damage) -> bool:
    """Return whether the link is one that a list head does not use."""
    heads = int(damage.state.pools["z3fold_heads"][0])
    if not heads <= damage.record < heads + layout.Z3FOLD_NR_LISTS:
        return False
    return damage.at[0] != BUDDY and damage.record != heads


def set_for_a_while(damage: Damage) -> bool | None:
    flag = 1 << damage.bit
    return None if flag in (layout.Z3FOLD_MIDDLE_MAPPED, layout.Z3FOLD_CLAIMED) else False


def more_records(damage: Damage) -> bool:
    return damage.before < damage.value() <= len(damage.state.z3folds)


UNSEEN = {
    **UNREAD_OF_PAGES,
    **pool_fields(("pages_nr", "z3fold_heads"), ("z3fold_by_hand",)),
    **reasons(READ_BACK, "arenas", *layout.zs_arena.names),
    **reasons(WORDS, "z3folds", "words"),
    **dict.fromkeys(
        ("z3folds.next", "z3folds.prev"),
        Unseen("the LRU list and the list of work start at the first head", on_other_links),
    ),
    "arenas.unused_z3fold": Unseen("a record never used has no owner", more_records),
    "z3folds.listed": Unseen(
        "a page may have no processor, so that a free queues no work",
        lambda damage: damage.bit == 0,
    ),
    "z3folds.mappings": Unseen("mapped_count has two bits of it", beyond_two_bits),
    "z3folds.page_state": Unseen(
        "6.1 marks mapped middle objects without a count, and claims pages for a while",
        set_for_a_while,
    ),
    "z3folds.start_middle": Unseen("an object may be anywhere in its gap", still_fits),
    "z3folds.chunks": Unseen("sizes are nowhere else", still_fits),
}


def filled(page_bytes: bool) -> Records:
    """Pages with one, two and three objects, one without a header, one that waits for work."""
    engine = Z3foldEngine(page_bytes)
    engine.state.create_pool(1, 0, layout.ZPOOL_Z3FOLD)
    handles = [engine.malloc(size) for size in (1000, 1000, 500, 1900, 4000, 3000, 1900)]
    engine.map(handles[5])
    engine.compact_work()
    engine.free(handles[6])
    state, heads = engine.state, int(engine.pool["z3fold_heads"])
    owned = np.flatnonzero(state.z3folds["owner"] == 1).tolist()
    frames = {record: int(state.z3folds["pfn"][record]) for record in owned}
    lists = {f"list {which}" for which in range(layout.Z3FOLD_NR_LISTS)}
    linked = frames_named(frames.values()) | lists | {"pool 0"}
    of_page = {
        int(handle): frames_named([frames[record]])
        for record in owned
        for handle in state.z3folds["handles"][record]
        if handle
    }
    tables = {
        "pages": {pfn: frames_named([pfn]) for pfn in frames.values()},
        "z3folds": dict.fromkeys(owned, linked),
        "handles": of_page,
        "pools": {0: linked},
        "arenas": {0: linked},
    }
    own = {"z3folds": dict.fromkeys(range(heads, heads + layout.Z3FOLD_NR_LISTS), linked)}
    return Records(state, lambda: z3fold_check.faults(state.mem, 0), tables, own, UNSEEN)


ARRAYS = {
    "pages": layout.page,
    "z3folds": layout.z3fold_header,
    "handles": np.dtype(np.int64),
    "pools": layout.zbud_pool,
    "arenas": layout.zs_arena,
}
KINDS = {
    "z3fold": Kind(ARRAYS, partial(filled, True)),
    "z3fold without bytes": Kind(ARRAYS, partial(filled, False)),
}
