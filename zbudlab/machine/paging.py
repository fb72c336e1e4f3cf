"""Paging: faults that need memory or swap, and the reclaim that makes room for them.

What the kernel does between its locks, step by step in ordinary Python over the compiled pieces of
`mm.memory` and `mm.vmscan`: reading a page back, writing pages out, kswapd and direct reclaim. A
machine without a log of its steps does the same with `machine.driven`.

Source: mm/memory.c: do_swap_page; mm/vmscan.c: balance_pgdat, try_to_free_pages,
shrink_inactive_list (v3.12).
"""

import errno
from collections import Counter
from collections.abc import Iterator

import numpy as np

from zbudlab.content.compressors import DamagedData
from zbudlab.driver.faults import MAX_RECLAIM_RETRIES
from zbudlab.driver.reclaim import DEF_PRIORITY, FAILING_ROUNDS
from zbudlab.layout import (
    ACCESS_FETCH,
    ACCESS_LENGTHS,
    ACCESS_STORE,
    ACCESS_TOUCH,
    MIGRATE_CMA,
    MIGRATE_MOVABLE,
    SWAP_ZEROS,
    WMARK_HIGH,
    WMARK_LOW,
)
from zbudlab.machine.errors import MachineError
from zbudlab.machine.notes import PageNotes
from zbudlab.mm import memory, page_alloc, vmscan
from zbudlab.mm.state import State
from zbudlab.mm.vmstat import free_counts
from zbudlab.swap.journal import Journal
from zbudlab.swap.swapping import Swap

NO_LENGTHS = np.zeros(0, np.int32)
NO_CONTENT = np.zeros((0, 0), np.uint8)


class Paging:
    """Faults and reclaim of one machine.

    journal: gets every step. events: counters named as in /proc/vmstat, and pages that could not
    be written out or read back (swap_write_error, swap_read_error). notes: on each page.
    failures: runs of reclaim in a row that freed nothing.
    """

    def __init__(self, state: State, swap: Swap, journal: Journal) -> None:
        self.state = state
        self.swap = swap
        self.do = journal.do
        self.events: Counter[str] = Counter()
        self.notes = PageNotes()
        self.failures = 0

    @property
    def _with_bytes(self) -> bool:
        return self.state.page_bytes

    # --- faults --------------------------------------------------------------------------------

    def access(
        self,
        process: int,
        places: np.ndarray,
        write: int,
        access: int = ACCESS_TOUCH,
        lengths: np.ndarray = NO_LENGTHS,
        content: np.ndarray = NO_CONTENT,
    ) -> None:
        """Access entries in order, and use each page while it is in memory.

        places: of the entries, int64 (n,). access: layout.ACCESS_*. lengths: int32 (n,), for
        ACCESS_LENGTHS. content: uint8 (n, 4096), read by ACCESS_STORE and written by ACCESS_FETCH.
        Raises MachineError(ENOMEM), or EIO for a lost page.
        """
        state = self.state
        for start, end in self.fault_in(process, places, write):
            used = places[start:end]
            frames = state.ptes["value"][used]
            if access == ACCESS_LENGTHS:
                state.lengths[used] = lengths[start:end]
                state.marks[frames] = used + 1
            elif access == ACCESS_STORE:
                state.frames[frames] = content[start:end]
            elif access == ACCESS_FETCH:
                content[start:end] = state.frames[frames]

    def fault_in(self, process: int, places: np.ndarray, write: int) -> Iterator[tuple[int, int]]:
        """Access entries in order, and yield ranges [start, end) that are in memory together.

        places: of the entries, int64 (n,). Raises MachineError(ENOMEM), or EIO for a lost page.
        """
        start = 0
        while start < len(places):
            state = self.state
            done = self.do(memory.handle_mm_faults, state.mem, process, places, start, write)
            if done == start:
                self._fault_one(process, int(places[start]), write)
                done = start + 1
            self.events["pgfault"] += done - start
            yield start, done
            start = done

    def _fault_one(self, process: int, place: int, write: int) -> None:
        """Access one entry, with reclaim and a read from swap if it needs them."""
        state = self.state
        self.wake_kswapd()
        while True:
            got = self.do(memory.handle_mm_fault, state.mem, process, place, write)
            if got == memory.NEED_SWAP_IN:
                got = self._swap_in(process, place, write)
            if got != memory.NEED_RECLAIM:
                return
            self.events["allocstall"] += 1
            if not self.try_to_free_pages(vmscan.SWAP_CLUSTER_MAX):
                raise self.out_of_memory(f"a page for process {process}")

    def _swap_in(self, process: int, place: int, write: int) -> int:
        """Read a swapped page back. Return its frame or NEED_RECLAIM; raise EIO if it is lost."""
        state = self.state
        pfn = self.do(memory.do_swap_page_begin, state.mem)
        if pfn < 0:
            return pfn
        slot = int(state.ptes[place]["value"])
        try:
            room = state.frames[pfn] if self._with_bytes else state.marks[pfn, None]
            source = self.swap.load(slot, room)
        except DamagedData as error:
            self.do(page_alloc.put_page, state.mem, pfn)
            self.events["swap_read_error"] += 1
            raise self._lost(process, place, error) from error
        self.do(memory.do_swap_page_end, state.mem, process, place, pfn, write)
        self.swap.swap_free(slot)
        self.notes.came(place, source)
        self.events["pgmajfault"] += 1
        if source == "device":
            self.swap.swapped_in(process)
        elif source == "zeros":
            self.events["swpin_zero"] += 1
        return pfn

    def _lost(self, process: int, place: int, error: DamagedData) -> MachineError:
        """Return the error for a page that no longer decompresses. It stays swapped out."""
        page = place - int(self.state.processes[process]["start"])
        return MachineError(errno.EIO, f"page {page} of process {process} is lost: {error}")

    def out_of_memory(self, wanted: str, order: int = 0, migratetype: int = -1) -> MachineError:
        """Return the error for a request that failed although memory was reclaimed.

        order, migratetype: of a block for the kernel, which may not be CMA's.
        """
        zone = self.state.zone
        if barred := self._blocks_of_cma(order, migratetype):
            return MachineError(
                errno.ENOMEM,
                f"no memory for {wanted}: all {barred} free blocks of order {order} or more are "
                "CMA's, which only a movable request may use; use a smaller order or cma_pages",
            )
        advice = "end a process, or give the machine more frames or swap"
        if self.state.nodes_limited:
            advice = 'and allocators get no more nodes or records until inject("tree_node", 0)'
        return MachineError(
            errno.ENOMEM,
            f"no memory for {wanted}: {int(zone['nr_free_pages'])} of "
            f"{int(zone['spanned_pages'])} frames are free, {self.swap.free_slots()} swap slots; "
            f"{advice}",
        )

    def _blocks_of_cma(self, order: int, migratetype: int) -> int:
        """Return the free blocks that are large enough, if all are CMA's and not for this type."""
        if migratetype < 0 or migratetype == MIGRATE_MOVABLE:
            return 0
        fits = int(sum(self.state.zone["nr_free"][order:]))
        cma = sum(free_counts(self.state)[MIGRATE_CMA][order:]) if fits else 0
        return fits if fits == cma else 0

    def count_moves(self, moves: np.ndarray, control: np.void) -> None:
        """Count and note what a run of compaction or CMA did.

        moves: layout.migration, of which the first control["nr_moves"] count. control: its
        layout.compact_control.
        """
        new = moves[: int(control["nr_moves"])]
        new = new["new"][new["rc"] == 0]
        places = self.state.pages["index"][new[self.state.pages["mapping"][new] > 0]]
        self.notes.moved(places)
        self.events["pgmigrate_success"] += int(control["migrated"])
        self.events["pgmigrate_fail"] += int(control["failed"])
        self.events["compact_migrate_scanned"] += int(control["migrate_scanned"])
        self.events["compact_free_scanned"] += int(control["free_scanned"])
        self.events["compact_isolated"] += int(control["isolated"])

    # --- reclaim -------------------------------------------------------------------------------

    def wake_kswapd(self) -> None:
        """Reclaim up to the high watermark, if free memory is at the low one or below."""
        zone = self.state.zone
        free = int(zone["nr_free_pages"])
        if free <= zone["watermark"][WMARK_LOW] and self.failures < MAX_RECLAIM_RETRIES:
            self.events["pageoutrun"] += 1
            self.try_to_free_pages(int(zone["watermark"][WMARK_HIGH]) + 1 - free)

    def try_to_free_pages(self, wanted: int) -> int:
        """Shrink the inactive list, scanning more of it in each round, until enough is free.

        Return how many pages were freed, without subtracting the frames that zswap's pool took
        meanwhile. Nothing is scanned while no swap slot is free.
        """
        freed = failing = 0
        for priority in range(DEF_PRIORITY, -1, -1):
            errors = self.events["swap_write_error"]
            got = self._shrink_lists(priority, wanted - freed)
            freed += got
            failing = failing + 1 if self.events["swap_write_error"] > errors and not got else 0
            if freed >= wanted or failing == FAILING_ROUNDS:
                break
        self.failures = 0 if freed else self.failures + 1
        return freed

    def _shrink_lists(self, priority: int, wanted: int) -> int:
        """Scan the share of pages that a priority demands. Return how many were freed."""
        zone = self.state.zone
        size = int(zone["nr_inactive_anon"]) + int(zone["nr_active_anon"])
        scan = max(size >> priority, vmscan.SWAP_CLUSTER_MAX)
        freed = 0
        while freed < wanted and scan > 0 and self.swap.free_slots():
            freed += self._shrink_inactive_list(min(scan, vmscan.SWAP_CLUSTER_MAX))
            scan -= vmscan.SWAP_CLUSTER_MAX
        return freed

    def _shrink_inactive_list(self, scan: int) -> int:
        """Write out and free some of the oldest inactive pages. Return how many."""
        state = self.state
        victims = np.empty(vmscan.SWAP_CLUSTER_MAX, np.int64)
        count = self.do(vmscan.shrink_begin, state.mem, victims, scan)
        if not count:
            return 0
        victims = victims[:count]
        slots = self.swap.get_swap_pages(count)
        unmapped = len(slots)
        errors = np.full(count, -errno.ENOSPC, np.int64)
        self.do(vmscan.add_to_swap, state.mem, victims[:unmapped], slots)
        errors[:unmapped] = self._write_out(victims[:unmapped], slots)
        self.events["swap_write_error"] += int(np.count_nonzero(errors[:unmapped] == -errno.EIO))
        freed = self.do(vmscan.shrink_end, state.mem, victims, errors)
        self.swap.swap_free(slots[errors[:unmapped] != 0])
        self.events["pswpout"] += freed
        return freed

    def _write_out(self, victims: np.ndarray, slots: np.ndarray) -> np.ndarray:
        """Store pages in zswap or on the swap device. Return 0 or a negative errno for each."""
        state, places = self.state, self.state.pages["index"][victims]
        groups = state.processes["cgroup"][state.pages["mapping"][victims] - 1]
        if self._with_bytes:
            errors = self.swap.store_batch(slots, state.frames[victims], groups=groups)
        else:
            lengths = state.lengths[places]
            errors = self.swap.store_batch(slots, state.marks[victims], lengths, groups)
        self.notes.refused(places, state.swap_slots["refusal"][slots])
        if self.swap.rules.zeromap:
            marked = state.swap_slots["frontswap"][slots] == SWAP_ZEROS
            self.events["swpout_zero"] += int(np.count_nonzero(marked))
        return errors
