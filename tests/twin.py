"""A machine together with its obvious twin: dicts of what a user can know about it.

`Pair` does every operation on both and compares. A machine may refuse for want of memory; what
it did not refuse must be as the twin has it, whatever was swapped, moved or written back between.
"""

import errno
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zbudlab import layout
from zbudlab.content.compressors import DamagedData
from zbudlab.machine import Machine, MachineError
from zbudlab.machine.operations import zero_page_length

ZERO = bytes(layout.PAGE_SIZE)
Page = bytes | int  #: 4096 bytes, or on a machine without page bytes a compressed length


@dataclass
class Handle:
    """An object in the user's zbud pool. address: where it is, while it is mapped.

    owned: not freed yet. Once it is, the series counts the mapping as the owner's reference, and
    the page may move although it is mapped.
    """

    size: int
    maps: int = 0
    address: int = 0
    owned: bool = True


class Pair:
    """A machine and its twin.

    done: what was done so far, in pages and calls, by kind. refused: MachineErrors by errno.
    damaged: says of a page that its compressor cannot restore it.
    """

    def __init__(self, machine: Machine, damaged=lambda page: False) -> None:
        self.machine = machine
        self.with_bytes = machine.config.page_bytes
        self.zero: Page = ZERO if self.with_bytes else zero_page_length(machine)
        self.fills_objects = self.with_bytes and machine.log is None  # no log would know of that
        self.damaged = damaged
        self.sizes: dict[int, int] = {}
        self.pages: dict[int, dict[int, Page]] = {}
        self.blocks: dict[int, int] = {}  # kernel blocks: order by first frame
        self.ranges: list[tuple[int, int]] = []
        self.pins: Counter[int] = Counter()
        self.homes: dict[int, tuple[int, int]] = {}  # of pinned user pages: process, place
        self.orphans: dict[int, int] = {}  # freed blocks that only pins hold: order
        self.handles: dict[int, Handle] = {}
        self.calls: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    # --- counting --------------------------------------------------------------------------------

    def done(self) -> Counter[str]:
        """Engine operations so far: pages touched, written out, read, moved, freed; other calls."""
        events = self.machine.paging.events
        pages = {
            "pages touched": events["pgfault"],
            "pages read from swap": events["pgmajfault"],
            "pages swapped out": events["pswpout"],
            "pages written back": int(self.machine.state.zswaps[0]["written_back_pages"]),
            "pages moved": events["pgmigrate_success"],
            "pages that would not move": events["pgmigrate_fail"],
        }
        return self.calls + Counter(pages)

    def _try(self, name: str, allowed: Sequence[int], run, *arguments):
        """The answer of a call, or None if it was refused with one of the errnos."""
        self.calls[name] += 1
        try:
            return run(*arguments)
        except MachineError as error:
            if error.errno not in allowed:
                raise
            self.refused[errno.errorcode[error.errno]] += 1
            return None

    # --- processes -------------------------------------------------------------------------------

    def create_process(self, pages: int) -> int:
        process = self.machine.create_process(pages)
        assert process not in self.sizes, f"process {process} is alive already"
        self.calls["other calls"] += 1
        self.sizes[process], self.pages[process] = pages, {}
        return process

    def exit(self, process: int) -> None:
        entry = self.machine.state.processes[process]
        self.calls["pages freed at exit"] += int(entry["rss"] + entry["swapents"])
        self.machine.exit(process)
        del self.sizes[process], self.pages[process]
        self.homes = {pfn: home for pfn, home in self.homes.items() if home[0] != process}

    def write(self, process: int, first: int, pages: Sequence[Page]) -> None:
        content = b"".join(pages) if self.with_bytes else pages
        mine = self.pages[process]
        old = [mine.get(page, self.zero) for page in range(first, first + len(pages))]
        mine.update(enumerate(pages, first))
        try:
            self.machine.write(process, first, content)
        except MachineError as error:
            self._refused(error)
            self._excused(error, old)
            self._stopped(process, first, old, pages)

    def _stopped(self, process: int, first: int, old: list[Page], new: Sequence[Page]) -> None:
        """After a write that was refused: up to some page it is done, from there on it is not.

        Where the compressor lost a page the loss cannot be detected; such a process is ended.
        """
        try:
            for i in range(len(new)):
                if self.seen(process, first + i) == old[i] != new[i]:
                    self.pages[process].update(enumerate(old[i:], first + i))
                    return
        except DamagedData:
            self.exit(process)

    def _refused(self, error: MachineError) -> None:
        if error.errno not in (errno.ENOMEM, errno.EIO):
            raise error
        self.refused[errno.errorcode[error.errno]] += 1

    def touch(self, process: int, pages: Sequence[int], *, write: bool) -> None:
        try:
            self.machine.touch(process, pages, write=write)
        except MachineError as error:
            self._refused(error)
            self._excused(error, [self.expected(process, page) for page in pages])

    def read(self, process: int, first: int, count: int) -> None:
        try:
            found = self.machine.read(process, first, count)
        except MachineError as error:
            self._refused(error)
            pages = range(first, first + count)
            self._excused(error, [self.expected(process, page) for page in pages])
            return
        for page in range(first, first + count):
            self._compare(process, page, found[page - first].tobytes())

    def _excused(self, error: MachineError, pages: Sequence[Page]) -> None:
        """EIO is for pages that the compressor lost, and no others."""
        assert error.errno != errno.EIO or any(map(self.damaged, pages)), str(error)

    def expected(self, process: int, page: int) -> Page:
        """What the twin has."""
        return self.pages[process].get(page, self.zero)

    def _compare(self, process: int, page: int, found: Page) -> None:
        expected = self.expected(process, page)
        if found != expected:
            shown = [p.hex()[:32] if isinstance(p, bytes) else p for p in (expected, found)]
            raise AssertionError(f"process {process}, page {page}: {shown[0]} became {shown[1]}")

    def seen(self, process: int, page: int) -> Page:
        """What the machine has for a page, wherever it is."""
        if self.with_bytes:
            return self.machine.peek(process, page)
        state = self.machine.state
        place = int(state.processes[process]["start"]) + page
        length = int(state.lengths[place])
        if state.ptes[place]["state"] == layout.PTE_SWAP:
            number = int(state.swap_slots[int(state.ptes[place]["value"])]["entry"])
            if number:
                kept = int(state.zswap_entries[number]["length"])
                as_it_is = self.machine.swap.rules.keep_incompressible and kept == layout.PAGE_SIZE
                return length if as_it_is and not 0 < length < kept else kept
        return length

    def peek(self, process: int, page: int) -> None:
        try:
            found = self.seen(process, page)
        except DamagedData:
            if not self.damaged(self.expected(process, page)):
                raise
            return
        self._compare(process, page, found)

    def reclaim(self, pages: int) -> None:
        self.calls["other calls"] += 1
        assert self.machine.reclaim(pages) >= 0

    # --- page frames -----------------------------------------------------------------------------

    def alloc_pages(self, order: int, migratetype: str, *, direct: bool) -> None:
        run = self.machine.alloc_pages
        pfn = self._try(
            "blocks asked for",
            (errno.ENOMEM,),
            lambda: run(order, migratetype, direct=direct),
        )
        if pfn is not None:
            assert pfn % (1 << order) == 0
            self._new_block(pfn, order)

    def _new_block(self, pfn: int, order: int) -> None:
        frames = range(pfn, pfn + (1 << order))
        assert not self.pins.keys() & set(frames), f"pinned frames of block {pfn} were given away"
        assert not self.blocks.keys() & set(frames), f"block {pfn} was given away twice"
        self.blocks[pfn] = order

    def free_pages(self, pfn: int) -> None:
        self.calls["blocks freed"] += 1
        self.machine.free_pages(pfn)
        self._no_block(pfn)

    def _no_block(self, pfn: int) -> None:
        order = self.blocks.pop(pfn)
        if self.pins[pfn]:
            self.orphans[pfn] = order

    def pin(self, pfn: int) -> None:
        page = self.machine.state.pages[pfn]
        if self._try("pins", (errno.EINVAL,), lambda: (self.machine.pin(pfn),)) is None:
            assert page["refcount"] == 0
            return
        self.pins[pfn] += 1
        if page["mapping"]:
            self.homes[pfn] = int(page["mapping"]) - 1, int(page["index"])

    def unpin(self, pfn: int) -> None:
        self.calls["pins"] += 1
        self.machine.unpin(pfn)
        self.pins[pfn] -= 1
        if not self.pins[pfn]:
            del self.pins[pfn]
            self.homes.pop(pfn, None)
            self.orphans.pop(pfn, None)

    # --- compaction and CMA ----------------------------------------------------------------------

    def compact(self, order: int, *, sync: bool) -> None:
        self.calls["other calls"] += 1
        assert self.machine.compact(order, sync=sync) in ("skipped", "partial", "complete")

    def alloc_contig_range(self, start: int, end: int) -> None:
        allowed = (errno.EBUSY, errno.ENOMEM)
        run = self.machine.alloc_contig_range
        if self._try("ranges asked for", allowed, lambda: (run(start, end),)) is not None:
            for pfn in range(start, end):
                self._new_block(pfn, 0)
            self.ranges.append((start, end))

    def free_contig_range(self, which: int) -> None:
        start, end = self.ranges.pop(which)
        self.calls["blocks freed"] += end - start
        self.machine.free_contig_range(start, end)
        for pfn in range(start, end):
            self._no_block(pfn)

    # --- zbud ------------------------------------------------------------------------------------

    def zbud_alloc(self, size: int) -> None:
        handle = self._try("zbud calls", (errno.ENOMEM,), lambda: self.machine.zbud_alloc(size))
        if handle is None:
            return
        assert handle not in self.handles, f"handle {handle} was given twice"
        self.handles[handle] = Handle(size)
        if self.fills_objects:
            self._object(self.machine.zbud_map(handle), size)[:] = pattern(handle, size)
            self.machine.zbud_unmap(handle)

    def _object(self, address: int, size: int) -> np.ndarray:
        return self.machine.state.frames.reshape(-1)[address : address + size]

    def zbud_free(self, handle: int) -> None:
        self.calls["zbud calls"] += 1
        known = self.handles[handle]
        self.machine.zbud_free(handle)
        known.owned = False
        self._gone(handle, known)

    def _gone(self, handle: int, known: Handle) -> None:
        """A handle lives as long as its owner, or with the series a mapping, has it."""
        if not known.owned and not (known.maps and self.machine.config.zbud == "series"):
            del self.handles[handle]

    def zbud_map(self, handle: int) -> None:
        self.calls["zbud calls"] += 1
        known = self.handles[handle]
        address = self.machine.zbud_map(handle)
        if known.maps and known.owned:
            assert address == known.address, f"mapped handle {handle} moved"
        known.maps += 1
        known.address = address
        if self.fills_objects:
            found = self._object(address, known.size)
            assert np.array_equal(found, pattern(handle, known.size)), f"handle {handle} changed"

    def zbud_unmap(self, handle: int) -> None:
        self.calls["zbud calls"] += 1
        known = self.handles[handle]
        self.machine.zbud_unmap(handle)
        known.maps -= 1
        self._gone(handle, known)

    # --- proof -----------------------------------------------------------------------------------

    def check(self) -> None:
        """The machine's own invariants, and those that only the twin can see."""
        self.machine.check()
        self._frames_add_up()
        self._pinned_stay()
        self._slots_add_up()

    def _frames_add_up(self) -> None:
        state = self.machine.state
        counts = {
            "free": int(state.zone["nr_free_pages"]),
            "processes": int(state.processes["rss"].sum()),
            "zbud": int(state.pools["pages_nr"].sum()),
            "kernel": sum(1 << order for order in self.blocks.values()),
            "pinned": sum(1 << self.orphans.get(pfn, 0) for pfn in self.pins if self._lone(pfn)),
        }
        frames = self.machine.config.frames
        assert sum(counts.values()) == frames, f"{counts} do not add up to {frames} frames"

    def _lone(self, pfn: int) -> bool:
        """Whether pins alone keep a frame from being free."""
        if pfn in self.blocks:
            return False
        return int(self.machine.state.pages[pfn]["refcount"]) == self.pins[pfn]

    def _pinned_stay(self) -> None:
        state = self.machine.state
        for pfn in self.pins:
            page = state.pages[pfn]
            held = page["refcount"]
            assert held >= self.pins[pfn], f"pinned frame {pfn} has {held} references"
            if pfn in self.homes:
                entry = state.ptes[self.homes[pfn][1]]
                there = entry["state"] == layout.PTE_PRESENT and entry["value"] == pfn
                assert there, f"pinned frame {pfn} lost its place in the page table"

    def _slots_add_up(self) -> None:
        state = self.machine.state
        swapped = state.ptes["value"][state.ptes["state"] == layout.PTE_SWAP]
        used = state.swap_slots["swap_map"]
        assert len(np.unique(swapped)) == len(swapped), "two pages share a swap slot"
        assert (used[swapped] == 1).all(), "a swapped page's slot is free"
        in_use = np.count_nonzero((used > 0) & (used != layout.SWAP_HAS_CACHE))
        assert in_use == len(swapped), f"{in_use} slots are used for {len(swapped)} pages"

    def verify(self) -> int:
        """Compare every page of every process and every zbud object; how many pages."""
        for process, size in self.sizes.items():
            for page in range(size):
                self.peek(process, page)
        for handle in list(self.handles):
            self.zbud_map(handle)
            self.zbud_unmap(handle)
        return sum(self.sizes.values())


def pattern(handle: int, size: int) -> np.ndarray:
    """Bytes that a zbud object of that handle is filled with."""
    return np.resize(np.array([handle, size], np.int64).view(np.uint8), size)
