"""Pool pages and the objects in them as arrays, for views and proofs.

Each allocator behind the seam (`zbudlab.mm.zpool`) has a reader: a module with the functions of
`Reader`. Readers look at records with numpy and call nothing of the engine, so a proof does not
rest on the code that it proves. The functions here answer for pages and objects of any allocator.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from zbudlab import layout
from zbudlab.mm import z3fold_reader, zbud_reader, zsmalloc_reader
from zbudlab.mm.state import State

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Found(NamedTuple):
    """The places of objects, and what is true of them there; one element per object."""

    frames: Ints  #: the frame in which the object starts; -1 = none
    in_pool: Bools  #: whether that frame is a page of the object's pool
    owned: Bools  #: whether exactly one place in the page has the object's handle
    fits: Bools  #: whether that place has the size that the object needs
    word: Bools  #: whether the owner's word in front of the object is the one given


class Reader(Protocol):
    """The reader of one allocator's pages."""

    def own_references(self, state: State, pfns: Ints) -> Ints:
        """Return the references to pages that only their allocator holds."""

    def page_parts(self, state: State, pfns: Ints) -> NDArray[np.uint8]:
        """Return what is in each 64-byte chunk of pages: uint8 (n, 64), layout.PART_*."""

    def find_objects(
        self, state: State, pools: Ints, handles: Ints, lengths: Ints, words: Ints
    ) -> tuple[Ints, Bools, Bools, Bools, Bools]:
        """Return the fields of `Found`; `words` are what the owner wrote in front of objects."""

    def object_place(self, state: State, pool: int, handle: int) -> tuple[list[int], str]:
        """Return the frames of an object, and what it is there; see the function below."""


READERS: dict[int, Reader] = {
    layout.ZPOOL_ZBUD: zbud_reader,
    layout.ZPOOL_ZSMALLOC: zsmalloc_reader,
    layout.ZPOOL_Z3FOLD: z3fold_reader,
}


def pool_pages(pages: NDArray) -> Bools:
    """Return which of these struct pages belong to a pool."""
    counts = pages["mapcount"]
    return (counts >= layout.PAGE_ZPOOL_FIRST) & (counts <= layout.PAGE_ZPOOL_LAST)


def _by_allocator(state: State, pools: Ints) -> Iterator[tuple[Reader, Ints]]:
    """Yield each reader with the places in `pools` of the pools that it reads."""
    kinds = state.pools["kind"][np.minimum(pools, len(state.pools) - 1)]
    for kind in np.unique(kinds).tolist():
        yield READERS[kind], np.flatnonzero(kinds == kind)


def own_references(state: State, pfns: Ints) -> Ints:
    """Return the references to pool pages that are explained by the objects in them."""
    found = np.zeros(len(pfns), np.int64)
    for reader, which in _by_allocator(state, state.pages["private"][pfns].astype(np.int64)):
        found[which] = reader.own_references(state, pfns[which])
    return found


def page_parts(state: State, pfns: Ints) -> NDArray[np.uint8]:
    """Return what is in each chunk of frames: uint8 (n, 64), layout.PART_*; 0 in other pages."""
    found = np.zeros((len(pfns), layout.NCHUNKS), np.uint8)
    ours = np.flatnonzero(pool_pages(state.pages[pfns]))
    numbers = state.pages["private"][pfns[ours]].astype(np.int64)
    for reader, which in _by_allocator(state, numbers):
        found[ours[which]] = reader.page_parts(state, pfns[ours[which]])
    return found


def find_objects(state: State, pools: Ints, handles: Ints, lengths: Ints, words: Ints) -> Found:
    """Return where objects of any pools are. Arguments: int64 (n,); lengths in bytes."""
    no = np.zeros(len(pools), bool)
    found = Found(np.full(len(pools), -1), no, no.copy(), no.copy(), no.copy())
    for reader, which in _by_allocator(state, pools):
        given = (pools[which], handles[which], lengths[which], words[which])
        for all_of, part in zip(found, reader.find_objects(state, *given), strict=True):
            all_of[which] = part
    return found


def object_place(state: State, pool: int, handle: int) -> tuple[list[int], str]:
    """Return the frames in which an object is, in order, and what it is there in a few words.

    The words are, for example, "the first buddy of a zbud page". An empty list and text: the handle
    leads nowhere.
    """
    return READERS[int(state.pools["kind"][pool])].object_place(state, pool, handle)
