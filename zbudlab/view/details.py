"""Describe a page frame in one sentence, or in full from the machine's records."""

from typing import Any, NamedTuple, Protocol

import numpy as np

from zbudlab import layout
from zbudlab.io.values import human
from zbudlab.machine import SWAP_TYPE, Machine
from zbudlab.mm import zpool_reader
from zbudlab.mm.inspection import frame_cells
from zbudlab.mm.migrate import owner_references
from zbudlab.mm.state import State
from zbudlab.view import palette
from zbudlab.view.arrangement import MAX_CELLS
from zbudlab.view.list_walk import list_members
from zbudlab.view.records import LINKS, Rows, counted, linked, record_rows
from zbudlab.view.z3fold_details import Z3foldPage
from zbudlab.view.zbud_details import ZbudPage
from zbudlab.view.zsmalloc_details import ZsmallocPage

HEX_BYTES = 128  #: bytes of a frame that are shown
HEX_A_LINE = 8
STALE = "on no list now"

MAPCOUNTS = {
    layout.PAGE_BUDDY_MAPCOUNT_VALUE: "head of a free block",
    layout.PAGE_ZBUD_MAPCOUNT_VALUE: "zbud page",
    layout.PAGE_ZSMALLOC_MAPCOUNT_VALUE: "zsmalloc page",
    layout.PAGE_Z3FOLD_MAPCOUNT_VALUE: "z3fold page",
    -1: "not mapped",
}


class PoolPage(Protocol):
    """A page of a pool as the inspector describes it."""

    def __init__(self, state: State, pfn: int) -> None: ...

    @property
    def handles(self) -> list[int]:
        """Handles of the objects in the page."""

    def words(self) -> list[str]:
        """Return the parts of a sentence about the page's objects."""

    def lists(self) -> list[tuple[str, np.ndarray, int, int, int, int]]:
        """Return the lists that the page should be on, as `_place` takes them."""

    def parts(self) -> list[tuple[str, Rows]]:
        """Return the parts of the page's details as (title, rows)."""


#: Class that describes a pool page, by allocator.
POOL_PAGES: dict[int, type[PoolPage]] = {
    layout.ZPOOL_ZBUD: ZbudPage,
    layout.ZPOOL_ZSMALLOC: ZsmallocPage,
    layout.ZPOOL_Z3FOLD: Z3foldPage,
}
FLAGS = {name: value for name, value in vars(layout).items() if name.startswith("PG_")}


class Looked:
    """A frame of a machine with the records that describe it."""

    def __init__(self, machine: Machine, pfn: int) -> None:
        self.machine = machine
        self.state = machine.state
        self.pfn = pfn
        self.page = self.state.pages[pfn : pfn + 1].view(np.recarray)[0]
        self.pooled: PoolPage | None = None
        if zpool_reader.pool_pages(self.state.pages[pfn : pfn + 1])[0]:
            number = min(int(self.page.private), len(self.state.pools) - 1)
            self.pooled = POOL_PAGES[int(self.state.pools["kind"][number])](self.state, pfn)

    def block(self) -> tuple[int, int] | None:
        """Return first frame and order of the free or allocated block that contains the frame."""
        for order in range(layout.MAX_ORDER):
            first = self.pfn >> order << order
            page = self.state.pages[first]
            is_head = page["mapcount"] == layout.PAGE_BUDDY_MAPCOUNT_VALUE
            is_head |= page["page_flags"] & layout.PG_HEAD != 0
            if is_head and page["order"] >= order:
                return first, int(page["order"])
        return None

    def own_references(self) -> int:
        """Return the number of references that the page's owner holds."""
        if self.pooled is None:
            return int(owner_references.py_func(self.page))
        return int(zpool_reader.own_references(self.state, np.array([self.pfn]))[0])


# --- lists -------------------------------------------------------------------------------------


class Place(NamedTuple):
    """Position of a frame on a list: `number` of `length`, from 1, and the neighbouring frames.

    before, behind: frame numbers; None for the list head.
    """

    name: str
    number: int
    length: int
    before: int | None
    behind: int | None

    def __str__(self) -> str:
        neighbours = [
            "the head" if pfn is None else f"pfn {pfn}" for pfn in (self.before, self.behind)
        ]
        return f"place {self.number} of {self.length}, between {' and '.join(neighbours)}"


def _place(
    name: str, records: np.ndarray, link: int, head: int, at: int, shift: int
) -> Place | None:
    """Return the position of record `at` on a list, or None if it is not on the list.

    Records that name their frame have the field `pfn`; others are the frame's number << shift.
    """
    members = list_members(records, link, head)
    if at not in members:
        return None
    number = members.index(at)

    def frame(member: int) -> int:
        names = records.dtype.names or ()
        return int(records["pfn"][member]) if "pfn" in names else member >> shift

    pfns = [None, *map(frame, members[max(number - 1, 0) : number + 2]), None]
    here = pfns.index(frame(at))
    return Place(name, number + 1, len(members), pfns[here - 1], pfns[here + 1])


def _page_list(look: Looked) -> tuple[str, int] | None:
    """Return name and head of the list that the struct page is on, or None."""
    page, first = look.page, int(look.state.zone["list_heads"])
    if page.mapcount == layout.PAGE_BUDDY_MAPCOUNT_VALUE:
        order, kind = int(page.order), int(page.migratetype)
        name = f"free list, order {order}, {layout.MIGRATE_NAMES[kind]}"
        return name, first + order * layout.MIGRATE_TYPES + kind
    if page.page_flags & layout.PG_LRU:
        if page.page_flags & layout.PG_ACTIVE:
            return "active list", first + layout.ACTIVE_ANON
        return "inactive list", first + layout.INACTIVE_ANON
    return None


def places(machine: Machine, pfn: int) -> list[Place]:
    """Return the positions of a frame on its lists: an LRU or free list, or zbud's two lists.

    Positions count from the newest member.
    """
    return _places(Looked(machine, pfn))


def _places(look: Looked) -> list[Place]:
    state, found = look.state, []
    if look.pooled is not None:
        found = [_place(*listed) for listed in look.pooled.lists()]
    elif listed := _page_list(look):
        found = [_place(listed[0], state.pages, layout.LRU, listed[1], look.pfn, 0)]
    return [place for place in found if place]


# --- one sentence ------------------------------------------------------------------------------


def words(machine: Machine, pfn: int) -> str:
    """Return a sentence about a frame: "pfn 4711: zbud, 17 + 30 chunks used, ..."."""
    look = Looked(machine, pfn)
    if look.pooled is not None:
        return _sentence(look, look.pooled.words())
    if look.page.mapping:
        return _sentence(look, _process_words(look))
    block = look.block()
    if block and look.state.pages[block[0]]["mapcount"] == layout.PAGE_BUDDY_MAPCOUNT_VALUE:
        kind = layout.MIGRATE_NAMES[int(look.state.pages[block[0]]["migratetype"])]
        return f"pfn {pfn}: free, in a block of order {block[1]} from pfn {block[0]}, {kind}"
    where = f", in a block of order {block[1]} from pfn {block[0]}" if block and block[1] else ""
    references = int(look.state.pages[block[0] if block else pfn]["refcount"])
    return f"pfn {pfn}: the kernel's{where}, {counted(references, 'reference')}"


def _sentence(look: Looked, parts: list[str]) -> str:
    """Return a sentence of `parts`, followed by what applies to pages of any owner."""
    references = int(look.page.refcount)
    parts = [*parts, counted(references, "reference")]
    parts += [f"{place.name} place {place.number}" for place in _places(look)[:1]]
    foreign = references - look.own_references()
    if foreign:
        parts.append(f"pinned: {foreign} not its owner's")
    first, last = look.machine.cma_area
    if first <= look.pfn < last:
        parts.append("in the CMA area")
    return f"pfn {look.pfn}: {', '.join(parts)}"


def _process_words(look: Looked) -> list[str]:
    owner = int(look.page.mapping) - 1
    number = int(look.page.index) - int(look.state.processes[owner]["start"])
    return [f"page {number} of process {owner}"]


# --- all details ------------------------------------------------------------------------------


def details(machine: Machine, pfn: int) -> dict[str, Any]:
    """Return everything known about a frame.

    The result is {"title": a sentence, "parts": [(title, [(name, value), ...]), ...]}.
    """
    look = Looked(machine, pfn)
    parts = [("struct page", _page_rows(look)), ("pageblock", _pageblock_rows(look))]
    header, *others = look.pooled.parts() if look.pooled is not None else [("", [])]
    parts.append(header)
    parts.append(("page of a process", _explained_rows(look)))
    parts.append(("pages stored here", _stored_rows(look)))
    parts.append(("lists", [(place.name, str(place)) for place in _places(look)]))
    parts.extend(others)
    if machine.config.page_bytes:
        parts.append((f"first {HEX_BYTES} bytes", _hex_rows(look)))
    return {"title": words(machine, pfn), "parts": [part for part in parts if part[1]]}


def _explained_rows(look: Looked) -> Rows:
    """Return how a page of a process came here, and why zswap refused it if it did."""
    if look.pooled is not None or not look.page.mapping:
        return []
    owner = int(look.page.mapping) - 1
    number = int(look.page.index) - int(look.state.processes[owner]["start"])
    found = look.machine.explain(owner, number)
    return [(name, getattr(found, name)) for name in ("arrival", "refusal") if getattr(found, name)]


def _stored_rows(look: Looked) -> Rows:
    """Return the pages of processes whose objects are in the page, each with its place."""
    if look.pooled is None or not look.pooled.handles:
        return []
    state = look.state
    known = np.isin(state.zswap_entries["handle"], look.pooled.handles)
    slots = state.zswap_entries["slot"][known]
    swapped = state.ptes["state"] == layout.PTE_SWAP
    starts, ends = state.processes["start"], state.processes["start"] + state.processes["nr_pages"]
    rows = []
    for place in np.flatnonzero(swapped & np.isin(state.ptes["value"], slots)).tolist():
        owner = int(np.flatnonzero((starts <= place) & (place < ends))[0])
        found = look.machine.explain(owner, place - int(starts[owner]))
        if look.pfn in found.frames:
            where = f"swap slot {found.number}: {found.stored}"
            rows.append((f"page {found.page} of process {owner}", where))
    return rows


def _page_rows(look: Looked) -> Rows:
    page = look.page
    listed = _page_list(look) is not None
    frames = len(look.state.frames)
    known = {
        **{link: linked(int(page[link][0]), 0, frames) if listed else STALE for link in LINKS},
        "mapcount": MAPCOUNTS.get(int(page.mapcount), ""),
        "page_flags": ", ".join(name for name, bit in FLAGS.items() if page.page_flags & bit),
        "migratetype": _migratetype_words(page),
    }
    return record_rows(page, known)


def _migratetype_words(page: Any) -> str:
    """Return the meaning of a struct page's migratetype, which counts only in a free block."""
    if page.mapcount == layout.PAGE_BUDDY_MAPCOUNT_VALUE:
        return layout.MIGRATE_NAMES[int(page.migratetype)]
    return "read only while the block is free"


def _pageblock_rows(look: Looked) -> Rows:
    order = int(look.state.zone["pageblock_order"])
    number = look.pfn >> order
    block = look.state.blocks[number]
    return [
        ("number", f"{number}, pfn {number << order} to {((number + 1) << order) - 1}"),
        ("migratetype", layout.MIGRATE_NAMES[int(block["migratetype"])]),
        ("skip", "yes: compaction found nothing to move" if block["skip"] else "no"),
    ]


def _hex_rows(look: Looked) -> Rows:
    data = look.state.frames[look.pfn, :HEX_BYTES].tobytes()
    rows = []
    for start in range(0, HEX_BYTES, HEX_A_LINE):
        name = f"{start:#05x}, chunk {start // layout.CHUNK_SIZE}"
        rows.append((name, data[start : start + HEX_A_LINE].hex(" ")))
    return rows


# --- the whole map -----------------------------------------------------------------------------


def pool_kind(machine: Machine) -> int:
    """Return the allocator of zswap's pool, layout.ZPOOL_*."""
    return int(machine.state.pools["kind"][SWAP_TYPE])


def cell_words(machine: Machine, cells: np.ndarray, pfn: int, together: int) -> str:
    """Return a sentence about a map cell of `together` frames that starts with frame `pfn`.

    cells: from `inspection.frame_cells`, uint8 (frames,).
    """
    if together == 1:
        return words(machine, pfn)
    here = cells[pfn : pfn + together]
    return f"pfns {pfn} to {pfn + len(here) - 1}: {_in_words(machine, palette.counts(here))}"


def _in_words(machine: Machine, numbers: np.ndarray) -> str:
    """Return counts by kind of frame in words that name the machine's allocator."""
    return palette.in_words(numbers, pool_kind(machine))


def summary(machine: Machine, numbers: np.ndarray | None = None) -> str:
    """Describe a machine's frames in words. numbers: from `palette.counts`, if already known."""
    if numbers is None:
        numbers = palette.counts(frame_cells(machine.state))
    zone, order = machine.state.zone, int(machine.state.zone["pageblock_order"])
    large = [int(count) << (k - order) for k, count in enumerate(zone["nr_free"]) if k >= order]
    largest = max((k for k, count in enumerate(zone["nr_free"]) if count), default=None)
    free = "no free block" if largest is None else f"largest free block of order {largest}"
    told = f"{machine.config.frames} page frames: {_in_words(machine, numbers)}. "
    return f"{told}{free.capitalize()}, {counted(sum(large), 'free block')} of order {order}."


def bookkeeping(machine: Machine) -> str:
    """Describe the memory of zswap's entries and the radix tree nodes of handles.

    A kernel allocates them from slabs, which occupy page frames. This machine keeps them in tables
    outside its page frames, so its map does not show them.
    """
    entries = int(machine.state.zswaps[0]["nr_entries"])
    nodes = int(machine.state.nodes[0]["count"])
    size = entries * layout.zswap_entry.itemsize + nodes * layout.radix_tree_node.itemsize
    named = "entry" if entries == 1 else "entries"
    return f"{human(size)} outside the frames: {entries} {named}, {counted(nodes, 'tree node')}"


def reduced(frames: int, together: int) -> str:
    """Return a notice for a map whose cells cover several frames each, otherwise an empty text."""
    if together == 1:
        return ""
    return (
        f"The map has at most {MAX_CELLS:,} cells for {frames:,} page frames: each cell covers "
        f"{together} frames and shows the one that is hardest to move."
    )
