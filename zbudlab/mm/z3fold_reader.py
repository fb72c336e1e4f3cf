"""z3fold pages as arrays, for views and proofs; see `zbudlab.mm.zpool_reader`.

Reads records with numpy and calls nothing of the engine.
"""

import numpy as np
from numpy.typing import NDArray

from zbudlab import layout
from zbudlab.mm.state import State

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def headers(state: State, pfns: Ints) -> NDArray:
    """Return copies of the records of pages; record 0, without objects, for freed ones."""
    return state.z3folds[state.pages["index"][pfns]]


def own_references(state: State, pfns: Ints) -> Ints:
    """Return one reference for each page that the pool or its release work has."""
    return (state.pages["index"][pfns] != 0).astype(np.int64)


def page_parts(state: State, pfns: Ints) -> NDArray[np.uint8]:
    """Return the parts of pages: header, first, middle and last object.

    A page without a header is shown as its object from end to end.
    """
    found = headers(state, pfns)
    chunk = np.arange(layout.NCHUNKS)
    first, middle, last = (
        found["chunks"][:, buddy].astype(np.int64)[:, None]
        for buddy in (layout.Z3FOLD_FIRST, layout.Z3FOLD_MIDDLE, layout.Z3FOLD_LAST)
    )
    start = found["start_middle"].astype(np.int64)[:, None]
    parts = np.zeros((len(pfns), layout.NCHUNKS), np.uint8)
    parts[chunk < layout.Z3FOLD_HDR_CHUNKS + first] = layout.PART_FIRST
    parts[:, : layout.Z3FOLD_HDR_CHUNKS] = layout.PART_HEADER
    parts[(chunk >= start) & (chunk < start + middle)] = layout.PART_MIDDLE
    parts[chunk >= layout.NCHUNKS - last] = layout.PART_LAST
    parts[found["page_state"] & layout.Z3FOLD_PAGE_HEADLESS != 0] = layout.PART_FIRST
    return parts


def find_objects(
    state: State, pools: Ints, handles: Ints, lengths: Ints, words: Ints
) -> tuple[Ints, Bools, Bools, Bools, Bools]:
    """Return the pages that handles lead to, and what is true of them and their objects.

    The arrays are those of `zpool_reader.Found`, in order.
    """
    known = (handles > 0) & (handles < int(state.arenas["unused_handle"][0]))
    places = state.handles[handles * known]
    known &= places >= 0
    frames = np.where(known, places >> layout.OBJ_INDEX_BITS, -1)
    at = frames * known
    pages, found = state.pages[at], headers(state, at)
    marked = pages["mapcount"] == layout.PAGE_Z3FOLD_MAPCOUNT_VALUE
    in_pool = known & marked & (pages["private"] == pools) & (found["pfn"] == at)
    each, buddy = np.arange(len(at)), (places & layout.Z3FOLD_BUDDY_MASK) * known
    owned = (found["handles"] == handles[:, None]).sum(axis=1) == 1
    owned &= found["handles"][each, buddy] == handles
    size = lengths + layout.ZSWAP_HEADER_SIZE
    chunks = -(-size // layout.CHUNK_SIZE) * (size <= layout.Z3FOLD_MAX_SIZE)
    fits = found["chunks"][each, buddy] == chunks
    return frames, in_pool, in_pool & owned, in_pool & fits, found["words"][each, buddy] == words


def object_place(state: State, pool: int, handle: int) -> tuple[list[int], str]:
    """Return the frame of an object and which one it is; see `zpool_reader.object_place`."""
    pfn, index = divmod(int(state.handles[handle]), layout.OBJ_INDEX_MASK + 1)
    if pfn < 0:
        return [], ""
    buddy = index & layout.Z3FOLD_BUDDY_MASK
    if buddy == layout.Z3FOLD_HEADLESS:
        return [pfn], "the only object of a z3fold page"
    return [pfn], f"the {('first', 'middle', 'last')[buddy - 1]} object of a z3fold page"
