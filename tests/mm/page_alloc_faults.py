"""Page frames in use and free whose records are damaged, and what the check cannot see in them."""

import numpy as np

from tests.mm.single_faults import (
    OTHERS_HOLD,
    Damage,
    Kind,
    Records,
    Unseen,
    frames_named,
    reasons,
)
from zbudlab import layout
from zbudlab.mm import bootmem, page_alloc, page_alloc_check
from zbudlab.mm.state import State

FRAMES = 64
COUNTERS = ["nr_free", "nr_free_pages", "nr_free_cma"]


def block_of(damage: Damage) -> tuple[int, int, bool]:
    """Return the head and the order of the frame's block, before the damage; is it free?"""
    damage.flip()
    heads, pages = blocks(damage.state), damage.state.pages
    head = max(pfn for pfn in heads if pfn <= damage.record)
    free = bool(pages["mapcount"][head] == layout.PAGE_BUDDY_MAPCOUNT_VALUE)
    found = head, int(pages["order"][head]), free
    damage.flip()
    return found


def blocks(state: State) -> list[int]:
    """Return the first frame of each block."""
    heads, pfn = [], 0
    while pfn < FRAMES:
        heads.append(pfn)
        pfn += 1 << int(state.pages["order"][pfn])
    return heads


def not_listed(damage: Damage) -> bool:
    """Return whether the frame is on no list of the allocator."""
    if damage.record >= FRAMES:
        return False
    head, _, free = block_of(damage)
    return not free or head != damage.record


def not_a_head(damage: Damage) -> bool:
    return block_of(damage)[0] != damage.record


def still_held(damage: Damage) -> bool:
    head, _, free = block_of(damage)
    return not free and (head != damage.record or damage.value() > 0)


def not_the_mark(damage: Damage) -> bool:
    """Return whether the flag is not that of a head in use, or the block is free."""
    return 1 << damage.bit != layout.PG_HEAD or block_of(damage)[2]


UNSEEN = {
    **reasons("of the frame's owner", "pages", "private", "mapping", "index"),
    **dict.fromkeys(
        ("pages.next", "pages.prev"),
        Unseen("only heads of free blocks are on lists of the allocator", not_listed),
    ),
    "pages.mapcount": Unseen("mappings, which memory's check counts", not_listed),
    "pages.migratetype": Unseen("read only while a block is free", not_listed),
    "pages.refcount": Unseen(OTHERS_HOLD, still_held),
    "pages.page_flags": Unseen("flags of other mechanisms", not_the_mark),
    "pages.order": Unseen("only the first frame of a block says how large it is", not_a_head),
}


def filled() -> Records:
    """Blocks of several orders and types, some in use."""
    state = State(FRAMES, pageblock_order=4, page_bytes=False)
    bootmem.free_pages_memory(state.mem, 0, FRAMES)
    for order, migratetype in ((0, 2), (0, 2), (2, 2), (1, 0), (3, 0), (0, 1)):
        assert page_alloc.alloc_pages(state.mem, order, migratetype) >= 0
    heads = blocks(state)
    near = {
        pfn: frames_named(range(head, end + 1)) | {"list"}
        for head, end in zip(heads, [*heads[1:], FRAMES], strict=True)
        for pfn in range(head, end)
    }
    counted = {"list", *(f"order {order}" for order in range(layout.MAX_ORDER))}
    first = int(state.zone["list_heads"])
    lists = dict.fromkeys(range(first, first + layout.NR_FREE_LISTS), counted)
    return Records(
        state,
        lambda: iter([(page_alloc_check, page_alloc_check.first_fault(state.mem))]),
        {"pages": near, "zones": {0: counted}},
        {"pages": lists},
        UNSEEN,
    )


ARRAYS = {
    "pages": layout.page,
    "zones": np.dtype([(name, layout.zone[name]) for name in COUNTERS]),
}
KINDS = {"page frames": Kind(ARRAYS, filled)}
