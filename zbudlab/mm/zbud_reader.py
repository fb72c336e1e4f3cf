"""zbud's pages as arrays, for views and proofs; see `zbudlab.mm.zpool_reader`.

Reads records with numpy and calls nothing of the engine.
"""

import numpy as np
from numpy.typing import NDArray

from zbudlab import layout
from zbudlab.mm.state import State

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def headers(state: State, pfns: Ints) -> NDArray:
    """Return copies of the headers of zbud pages."""
    return state.rows[pfns << int(state.pools["row_shift"][0])]


def own_references(state: State, pfns: Ints) -> Ints:
    """Return zbud's references to pages: one per handle (series), or one (plain)."""
    found = headers(state, pfns)
    handles = (found["first_handle"] != 0).astype(np.int64) + (found["last_handle"] != 0)
    series = state.pools["variant"][state.pages["private"][pfns]] == layout.ZBUD_SERIES
    return np.where(series, handles, 1)


def page_parts(state: State, pfns: Ints) -> NDArray[np.uint8]:
    """Return the parts of pages: the header, the first buddy after it, the last at the end."""
    found = headers(state, pfns)
    chunks = np.arange(layout.NCHUNKS)
    first_end = layout.ZHDR_CHUNKS + found["first_chunks"].astype(np.int64)[:, None]
    last_start = layout.NCHUNKS - found["last_chunks"].astype(np.int64)[:, None]
    parts = np.zeros((len(pfns), layout.NCHUNKS), np.uint8)
    parts[chunks < first_end] = layout.PART_FIRST
    parts[:, : layout.ZHDR_CHUNKS] = layout.PART_HEADER
    parts[chunks >= last_start] = layout.PART_LAST
    return parts


def find_objects(
    state: State, pools: Ints, handles: Ints, lengths: Ints, words: Ints
) -> tuple[Ints, Bools, Bools, Bools, Bools]:
    """Return the zbud pages that handles lead to, and what is true of them and their buddies.

    The arrays are those of `zpool_reader.Found`, in order.
    """
    frames = _resolved(state, pools, handles)
    there = (frames >= 0) & (frames < len(state.frames))
    at = frames * there
    pages, records = state.pages[at], state.pools[pools]
    marked = pages["mapcount"] == layout.PAGE_ZBUD_MAPCOUNT_VALUE
    found = headers(state, at)
    first, last = _whose(found, records["variant"] == layout.ZBUD_SERIES, handles)
    size = lengths + layout.ZSWAP_HEADER_SIZE
    chunks = np.where(first, found["first_chunks"], found["last_chunks"])
    entries = np.where(first, found["first_swpentry"], found["last_swpentry"])
    in_pool = there & marked & (pages["private"] == pools)
    fits = chunks == (size + layout.CHUNK_SIZE - 1) // layout.CHUNK_SIZE
    return frames, in_pool, first != last, fits, entries == words


def _whose(found: NDArray, series: Bools, handles: Ints) -> tuple[Bools, Bools]:
    """Return whether the first and the last buddy have the handle: a number, or the place."""
    place = handles & (layout.NCHUNKS - 1)
    first = np.where(
        series,
        found["first_handle"] == handles,
        (found["first_chunks"] > 0) & (place == layout.ZHDR_CHUNKS),
    )
    last = np.where(
        series,
        found["last_handle"] == handles,
        (found["last_chunks"] > 0) & (place == layout.NCHUNKS - found["last_chunks"]),
    )
    return first, last


def _resolved(state: State, pools: Ints, handles: Ints) -> Ints:
    """Return the page that each handle leads to; -1 = none."""
    frames = handles >> layout.NCHUNKS_ORDER
    for number in np.unique(pools):
        if state.pools["variant"][number] == layout.ZBUD_SERIES:
            own = pools == number
            frames[own] = _looked_up(state.nodes, state.pools[number], handles[own]) - 1
    return frames


def _looked_up(nodes: NDArray, root: np.void, keys: Ints) -> Ints:
    """Return what a radix tree holds for each key, level by level; 0 = nothing."""
    height, shift = int(root["height"]), layout.RADIX_TREE_MAP_SHIFT
    found = np.where(keys >> (height * shift) == 0, root["rnode"], 0)
    for level in reversed(range(height)):
        slots = (keys >> (level * shift)) & layout.RADIX_TREE_MAP_MASK
        found = np.where(found > 0, nodes["slots"][found, slots], 0)
    return found.astype(np.int64)


def object_place(state: State, pool: int, handle: int) -> tuple[list[int], str]:
    """Return the frame of an object and which buddy it is; see `zpool_reader.object_place`."""
    pools, handles = np.array([pool]), np.array([handle])
    frames = _resolved(state, pools, handles)
    if not 0 <= frames[0] < len(state.frames):
        return [], ""
    series = state.pools["variant"][pools] == layout.ZBUD_SERIES
    first, last = _whose(headers(state, frames), series, handles)
    if first[0] == last[0]:
        return [], ""
    return frames.tolist(), f"the {'first' if first[0] else 'last'} buddy of a zbud page"
