"""zsmalloc pages as arrays, for views and proofs; see `zbudlab.mm.zpool_reader`.

Reads records with numpy and calls nothing of the engine.
"""

import numpy as np
from numpy.typing import NDArray

from zbudlab import layout
from zbudlab.mm.state import State

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def zspages_of(state: State, pfns: Ints) -> tuple[Ints, NDArray, NDArray]:
    """Return the zspages of pages: numbers (0 = freed), and copies of records and classes."""
    numbers = state.pages["index"][pfns].astype(np.int64)
    records = state.zspages[numbers]
    return numbers, records, state.size_classes[records["size_class"]]


def own_references(state: State, pfns: Ints) -> Ints:
    """Return one reference for each page of a zspage."""
    return (state.pages["index"][pfns] != 0).astype(np.int64)


def objects_in(state: State, pfn: int) -> list[tuple[int, int, int]]:
    """Return the allocated objects that start in a page or reach into it, by ascending index.

    Each is (index, first byte, end), counted from the start of the page; an object that started in
    the page before has a first byte below 0, and one that goes on has an end beyond the page.
    """
    numbers, records, classes = zspages_of(state, np.array([pfn]))
    if not numbers[0]:
        return []
    record, size = records[0], int(classes["object_size"][0])
    start = record["chain"].tolist().index(pfn) * layout.PAGE_SIZE
    first = start // size
    end = min(-(-(start + layout.PAGE_SIZE) // size), int(classes["objs_per_zspage"][0]))
    run = int(record["first_object"])
    words = state.objects[run + first : run + end]
    return [
        (index, index * size - start, (index + 1) * size - start)
        for index, word in enumerate(words.tolist(), first)
        if word & layout.OBJ_ALLOCATED_TAG
    ]


def page_parts(state: State, pfns: Ints) -> NDArray[np.uint8]:
    """Return the parts of pages. Neighbouring objects alternate between two parts.

    A chunk of 64 bytes that several small objects share shows the last of them.
    """
    numbers, records, classes = zspages_of(state, pfns)
    place = (records["chain"] == pfns[:, None]).argmax(axis=1)
    offset = place[:, None] * layout.PAGE_SIZE + np.arange(layout.NCHUNKS) * layout.CHUNK_SIZE
    size, objects = classes["object_size"][:, None], classes["objs_per_zspage"][:, None]
    last = np.minimum((offset + layout.CHUNK_SIZE - 1) // size, objects - 1)
    parts = np.zeros(offset.shape, np.uint8)
    for more in range(layout.CHUNK_SIZE // layout.ZS_MIN_ALLOC_SIZE + 1):
        index = offset // size + more
        there = (index <= last) & (numbers != 0)[:, None]
        words = state.objects[(records["first_object"].astype(np.int64)[:, None] + index) * there]
        used = there & (words & layout.OBJ_ALLOCATED_TAG != 0)
        parts[used] = np.where(index % 2, layout.PART_LAST, layout.PART_FIRST)[used]
    return parts


def find_objects(
    state: State, pools: Ints, handles: Ints, lengths: Ints, words: Ints
) -> tuple[Ints, Bools, Bools, Bools, Bools]:
    """Return the pages that handles lead to, and what is true of them and their objects.

    The arrays are those of `zpool_reader.Found`, in order. zswap writes no word in front of an
    object of zsmalloc, so `word` always holds.
    """
    known = (handles > 0) & (handles < int(state.arenas["unused_handle"][0]))
    places = state.handles[handles * known]
    known &= places >= 0
    frames = np.where(known, places >> layout.OBJ_INDEX_BITS, -1)
    at = frames * known
    pages = state.pages[at]
    marked = pages["mapcount"] == layout.PAGE_ZSMALLOC_MAPCOUNT_VALUE
    in_pool = known & marked & (pages["private"] == pools) & (pages["index"] != 0)
    _, records, classes = zspages_of(state, at * in_pool)
    index = (places & layout.OBJ_INDEX_MASK) * in_pool
    word = state.objects[records["first_object"].astype(np.int64) + index]
    owned = in_pool & (word == (handles << layout.OBJ_TAG_BITS | layout.OBJ_ALLOCATED_TAG))
    fits = classes["object_size"] == _size_of_class(state, pools, lengths)
    return frames, in_pool, owned, in_pool & fits, in_pool


def _size_of_class(state: State, pools: Ints, lengths: Ints) -> Ints:
    """Return the size of the places that objects of these lengths get."""
    above = lengths + layout.ZS_HANDLE_SIZE - layout.ZS_MIN_ALLOC_SIZE
    numbers = np.clip(-(-above // layout.ZS_SIZE_CLASS_DELTA), 0, layout.ZS_SIZE_CLASSES - 1)
    sizes: Ints = state.size_classes["object_size"][state.pools["size_classes"][pools] + numbers]
    return sizes


def object_place(state: State, pool: int, handle: int) -> tuple[list[int], str]:
    """Return the frames of an object, and its zspage; see `zpool_reader.object_place`.

    It may fill its place only in part, so its bytes may end before the last frame.
    """
    pfn, index = divmod(int(state.handles[handle]), layout.OBJ_INDEX_MASK + 1)
    if pfn < 0:
        return [], ""
    numbers, records, classes = zspages_of(state, np.array([pfn]))
    size = int(classes["object_size"][0])
    first, last = (byte >> layout.PAGE_SHIFT for byte in (index * size, (index + 1) * size - 1))
    chain = records["chain"][0, : int(classes["pages_per_zspage"][0])].tolist()
    frames = f"page frame{'s' * (len(chain) > 1)} {', '.join(map(str, chain))}"
    return chain[first : last + 1], f"object {index} of zspage {numbers[0]} ({frames})"
