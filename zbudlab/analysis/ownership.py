"""Prove who owns every page: the proof available on a machine without page bytes.

Pages without bytes cannot be compared with a digest. Instead, every page that was written has a
mark that no other page has: its place in the table of page table entries, plus 1. The mark is where
the bytes would be. It moves with the frame, and goes to zswap's entry or to the swap device when
the page is swapped out, and back. `prove` starts at a page's own entry and follows it through
tables that know nothing of each other. It only reads, and calls nothing of the engine:

* in memory: the frame in the entry names this process and this place as its owner, and has the
  page's mark;
* in zswap: the slot's entry names the slot, the page's length and its mark. Its handle leads,
  through the tree, to a page of the pool, and exactly one object in that page has the handle. That
  object has room for just this length, and the swap entry in front of it is the slot's;
* on the swap device: the slot is in use, and the mark there is the page's.

All marks differ, so two pages that share a frame, a slot, an entry or an object cannot both be
proved.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zbudlab import layout
from zbudlab.mm import inspection, zpool_reader
from zbudlab.mm.state import State

FAULTS = (
    "",
    "is nowhere, although it was written",
    "is in a frame that names another owner",
    "is in a frame with the mark of another page",
    "is in a swap slot that is free",
    "is on the swap device, where the mark is of another page",
    "is in zswap, whose entry names another slot, mark or length",
    "is in zswap under a handle that leads to no page of the pool",
    "is in zswap under a handle that no buddy has, or two",
    "is in zswap, in a buddy of another size",
    "is in zswap, in a buddy that belongs to another swap slot",
    "is in zswap under another handle than before pages were moved",
)
NOWHERE, OWNER, MARK, FREE_SLOT, DEVICE, ENTRY, HANDLE, OBJECT, SIZE, SWAP_ENTRY, CHANGED = range(
    1, len(FAULTS)
)

Ints = NDArray[np.int64]


class Proof(NamedTuple):
    """The findings about a process's pages, one element per page.

    faults: index into FAULTS, 0 = proved. handles: of the pool's allocator, 0 = not in a pool.
    frames: the page's frame, or the frame of the pool page that holds it; -1 = in no frame.
    """

    faults: NDArray[np.uint8]
    handles: Ints
    frames: Ints

    @property
    def proved(self) -> int:
        """Number of pages that were proved."""
        return int(np.count_nonzero(self.faults == 0))

    def first_fault(self, process: int) -> str:
        """Describe the first page that was not proved; "" if all were."""
        if self.proved == len(self.faults):
            return ""
        page = int(np.flatnonzero(self.faults)[0])
        return f"page {page} of process {process} {FAULTS[self.faults[page]]}"


def prove(state: State, process: int) -> Proof:
    """Follow every page of a process to where it is. All of them must have been written."""
    start, count = (int(state.processes[name][process]) for name in ("start", "nr_pages"))
    entries = state.ptes[start : start + count]
    places = np.arange(start, start + count)
    proof = Proof(np.full(count, NOWHERE, np.uint8), np.zeros(count, np.int64), places * 0 - 1)
    present = entries["state"] == layout.PTE_PRESENT
    swapped = entries["state"] == layout.PTE_SWAP
    stored = swapped & inspection.stored_in_zswap(state)[entries["value"] * swapped]
    for pages, follow in ((present, _frames), (stored, _zswap), (swapped & ~stored, _device)):
        which = np.flatnonzero(pages)
        follow(state, process, proof, which, places[which], entries["value"][which])
    return proof


def kept(before: Proof, after: Proof) -> tuple[Proof, int]:
    """Compare proofs from before and after pages were moved.

    Return `after` with a fault wherever a handle changed, and the number of stored pages that moved
    and kept their handle.
    """
    changed = before.handles != after.handles
    faults = np.where(changed & (after.faults == 0), CHANGED, after.faults).astype(np.uint8)
    moved = (after.handles > 0) & ~changed & (before.frames != after.frames)
    return after._replace(faults=faults), int(np.count_nonzero(moved))


def _judge(checks: dict[int, NDArray[np.bool_]]) -> NDArray[np.uint8]:
    """Return for each page the first fault whose condition is not met, uint8 (n,); 0 = none."""
    faults = np.zeros(len(next(iter(checks.values()))), np.uint8)
    for fault, met in reversed(checks.items()):
        faults[~met] = fault
    return faults


def _frames(
    state: State, process: int, proof: Proof, which: Ints, places: Ints, frames: Ints
) -> None:
    """Judge pages in memory."""
    pages = state.pages[frames]
    owned = (pages["mapping"] == process + 1) & (pages["index"] == places)
    proof.faults[which] = _judge(
        {OWNER: owned & (pages["mapcount"] == 0), MARK: state.marks[frames] == places + 1}
    )
    proof.frames[which] = frames


def _device(
    state: State, process: int, proof: Proof, which: Ints, places: Ints, slots: Ints
) -> None:
    """Judge pages on the swap device."""
    used = state.swap_slots["swap_map"][slots] > 0
    marked = state.swap_marks[slots] == places + 1
    proof.faults[which] = _judge({FREE_SLOT: used, DEVICE: marked})


def _stored_lengths(state: State, places: Ints) -> Ints:
    """Return the lengths with which pages are stored, int64 (n,); see `keep_incompressible`."""
    lengths = state.lengths[places].astype(np.int64)
    if not state.zswaps["keep_incompressible"][0]:
        return lengths
    shorter = (lengths > 0) & (lengths < layout.PAGE_SIZE)
    return np.where(shorter, lengths, layout.PAGE_SIZE)


def _header_in_vain(state: State, pools: Ints) -> Ints:
    """Return the bytes that readers expect in front of objects, and that today's zswap leaves out.

    Its own lists say what to write back, so an object needs no swap entry, whatever its allocator.
    """
    shrinks = state.pools["kind"][pools] != layout.ZPOOL_ZSMALLOC
    return np.where(shrinks, layout.ZSWAP_HEADER_SIZE, 0)


def _zswap(
    state: State, process: int, proof: Proof, which: Ints, places: Ints, slots: Ints
) -> None:
    """Judge pages in zswap."""
    table = state.swap_slots[slots]
    entries = state.zswap_entries[table["entry"]]
    lengths = entries["length"].astype(np.int64)
    named = (entries["slot"] == slots) & (entries["word"] == places + 1)
    handles = entries["handle"].astype(np.int64)
    areas = state.swap_info[table["type"]]
    own = bool(state.zswaps["own_lru"][0])
    in_front = _header_in_vain(state, areas["pool"]) if own else 0
    wanted = (table["type"].astype(np.int64) << layout.SWP_TYPE_SHIFT) | (slots - areas["start"])
    found = zpool_reader.find_objects(state, areas["pool"], handles, lengths - in_front, wanted)
    same_filled = (handles == 0) & (lengths == 0)
    proof.faults[which] = _judge(
        {
            FREE_SLOT: table["swap_map"] > 0,
            ENTRY: named & (lengths == _stored_lengths(state, places)),
            HANDLE: found.in_pool | same_filled,
            OBJECT: found.owned | same_filled,
            SIZE: found.fits | same_filled,
            SWAP_ENTRY: found.word | same_filled | own,
        }
    )
    proof.handles[which] = handles
    proof.frames[which] = np.where(same_filled, -1, found.frames)
