"""Find out why a large block is not available: what is in the way, block by block.

After compaction some blocks of the wanted size are still not free. Most of them contain a page that
nothing can move; one such page is enough. The others contain pages that could have moved, but there
was no target for them, or compaction stopped before it reached them.
"""

import numpy as np
from numpy.typing import NDArray

from zbudlab import layout
from zbudlab.mm import zpool_reader
from zbudlab.mm.inspection import frame_kinds
from zbudlab.mm.page_alloc import zone_watermark_ok
from zbudlab.mm.state import State

#: Reasons in order of precedence: a block counts under the first that applies to it.
REASONS = {
    "free": "the block is free",
    "kernel and zbud": "pages of the kernel, among zbud pages that cannot move",
    "kernel": "a page of the kernel, which never moves",
    "unmovable zbud": "a zbud page, on a machine whose zbud pages cannot move",
    "pinned": "a page with an extra reference: pinned, or a zbud page whose object is mapped",
    "occupied": "movable pages, which must be somewhere: other blocks have no room for them",
    "watermark": "could be emptied: below the low watermark compaction takes no free page",
    "hints": "could be emptied: marked `skip`, so compaction passes over it (see rescan)",
    "scanners met": "could be emptied: compaction ended before it, or did not run",
}
FREE_KINDS = (layout.FRAME_FREE, layout.FRAME_FREE_CMA)
TARGET_TYPES = (layout.MIGRATE_MOVABLE, layout.MIGRATE_CMA)


def pinned_frames(state: State, kinds: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return which frames hold a movable page that an extra reference keeps in place, bool (n,)."""
    pages = state.pages[: len(kinds)]
    in_cache = pages["page_flags"] & layout.PG_SWAPCACHE != 0
    owned = pages["mapcount"].astype(np.int64) + 1 + in_cache
    pinned = (kinds == layout.FRAME_ANON) & (pages["refcount"] != owned)
    in_pool = np.flatnonzero(np.isin(kinds, layout.POOL_KINDS))
    owned = zpool_reader.own_references(state, in_pool)
    pinned[in_pool] = pages["refcount"][in_pool] != owned
    return pinned


def _by_block(frames: NDArray, order: int) -> NDArray:
    """Return frames as rows of 2^order, one per whole aligned block."""
    whole = len(frames) >> order
    return frames[: whole << order].reshape(whole, 1 << order)


def _target_frames(state: State, free: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which free frames compaction may move pages to, bool (n,)."""
    blocks = np.arange(len(free)) >> int(state.zone["pageblock_order"])
    return free & np.isin(state.blocks["migratetype"][blocks], TARGET_TYPES)


def count(state: State, order: int) -> dict[str, int]:
    """Count the aligned blocks of 2^order frames by what is in them (see REASONS).

    The values add up to the number of whole blocks in the zone.
    """
    kinds = frame_kinds(state)
    free = np.isin(kinds, FREE_KINDS)
    in_pool = np.isin(kinds, layout.POOL_KINDS)
    kernel = kinds == layout.FRAME_KERNEL
    fixed = in_pool & (not state.zone["zpool_movable"])
    marks = {
        "kernel and zbud": (kernel, fixed),
        "kernel": (kernel,),
        "unmovable zbud": (fixed,),
        "pinned": (pinned_frames(state, kinds),),
    }
    counts = dict.fromkeys(REASONS, 0)
    is_free: NDArray[np.bool_] = np.asarray(_by_block(free, order).all(axis=1))
    counts["free"] = int(is_free.sum())
    left: NDArray[np.bool_] = ~is_free
    for reason, all_of in marks.items():
        here = np.logical_and.reduce([_by_block(frames, order).any(axis=1) for frames in all_of])
        here &= left
        counts[reason] = int(here.sum())
        left = left & ~here
    return counts | _left_over(state, order, free, is_free, left)


def _left_over(
    state: State,
    order: int,
    free: NDArray[np.bool_],
    is_free: NDArray[np.bool_],
    left: NDArray[np.bool_],
) -> dict[str, int]:
    """Count the blocks with movable pages only, `left`, by reason.

    Some of them must stay occupied, as their pages have to be somewhere; the others could be
    emptied.
    """
    pages = int((~_by_block(free, order)[left]).sum())
    targets = _by_block(_target_frames(state, free), order)
    room = int(targets[~left & ~is_free].sum())
    needed = min(-(-max(pages - room, 0) >> order), int(left.sum()))
    could = int(left.sum()) - needed
    low = int(state.zone["watermark"][layout.WMARK_LOW])
    if not zone_watermark_ok(state.mem, 0, low + 1, 0):
        return {"occupied": needed, "watermark": could}
    skip = np.repeat(state.blocks["skip"] != 0, 1 << int(state.zone["pageblock_order"]))
    hinted = min(int((left & _by_block(skip[: len(free)], order).any(axis=1)).sum()), could)
    return {"occupied": needed, "hints": hinted, "scanners met": could - hinted}


def sentence(counts: dict[str, int]) -> str:
    """Say what keeps blocks from being free."""
    found = [f"{count} {reason}" for reason, count in counts.items() if count and reason != "free"]
    return f"{counts['free']} of {sum(counts.values())} blocks are free; " + (
        "in the way: " + ", ".join(found) if found else "nothing is in the way"
    )
