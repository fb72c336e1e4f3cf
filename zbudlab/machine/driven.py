"""Paging by the compiled driver (`zbudlab.driver`), which does what `machine.paging` does in steps.

A machine uses it wherever no step is logged. Python acts only where the driver stops: to let
tables grow, to compress and decompress bytes, to use a swap device or swap cache written in Python.
"""

import errno

import numpy as np

from zbudlab import layout
from zbudlab.driver import faults, reclaim
from zbudlab.driver import log as operations
from zbudlab.driver.work import Operations, new_work
from zbudlab.machine.errors import MachineError
from zbudlab.machine.paging import NO_CONTENT, NO_LENGTHS, Paging
from zbudlab.mm.state import State
from zbudlab.swap.journal import Journal
from zbudlab.swap.swapping import Swap

NAMES = layout.progress.names or ()
HOST_SWAPS, FAILURES = NAMES.index("host_swaps"), NAMES.index("failures")
OWNER, WRITE, ACCESS = NAMES.index("owner"), NAMES.index("write"), NAMES.index("access")
WRITES, READS = NAMES.index("device_writes"), NAMES.index("device_reads")
EVENTS = {name: NAMES.index(name) for name in layout.DRIVER_EVENTS}


class DrivenPaging(Paging):
    """Paging in compiled calls, each as long as only compiled code is needed."""

    def __init__(self, state: State, swap: Swap, journal: Journal) -> None:
        super().__init__(state, swap, journal)
        self._work = new_work()
        self._now = self._work.now[0]
        self._numbers = self._work.now.view(np.int64)  # the same, which Python reads faster

    def access(
        self,
        process: int,
        places: np.ndarray,
        write: int,
        access: int = layout.ACCESS_TOUCH,
        lengths: np.ndarray = NO_LENGTHS,
        content: np.ndarray = NO_CONTENT,
    ) -> None:
        """Do what `Paging.access` does."""
        if self.swap.stepwise:
            return super().access(process, places, write, access, lengths, content)
        if content is not NO_CONTENT and not content.flags.writeable:
            content = content.copy()  # compiled code exists for arrays that are
        now, numbers = self._begin(), self._numbers
        numbers[OWNER], numbers[WRITE], numbers[ACCESS] = process, write, access
        try:
            while stop := faults.faults_run(self.state.mem, self._work, places, lengths, content):
                if stop == layout.STOP_MEMORY:
                    raise self.out_of_memory(f"a page for process {process}")
                if stop == layout.STOP_SWAP_IN:
                    place = int(places[now["place"]])
                    now["answer"] = self._swap_in(process, place, write)
                    now["phase"] = layout.PHASE_ANSWER
                else:
                    self._help(stop)
        finally:
            self._settle()

    def try_to_free_pages(self, wanted: int) -> int:
        """Do what `Paging.try_to_free_pages` does."""
        if self.swap.stepwise:
            return super().try_to_free_pages(wanted)
        now = self._begin()
        reclaim.reclaim_begin(self._work, wanted)
        try:
            while stop := reclaim.reclaim_run(self.state.mem, self._work):
                self._help(stop)
        finally:
            self._settle()
        return int(now["freed"])

    def run_log(self, log: Operations, first: int, end: int) -> tuple[int, int, int]:
        """Run operations of a log, from `first` up to `end`, while the driver can do them alone.

        Return layout.STOP_DONE, STOP_OPERATION or STOP_DIFFERS (see `driver.log.operations_run`),
        how many operations are done, counted from the start of the log, and the last answer if it
        differs.
        """
        now = self._begin()
        now["operation"] = first
        try:
            while stop := operations.operations_run(self.state.mem, self._work, log, end):
                if stop in (layout.STOP_OPERATION, layout.STOP_DIFFERS):
                    break
                self._help(stop)
        finally:
            self._settle()
        return stop, int(now["operation"]), int(now["answer"])

    # --- between two calls ---------------------------------------------------------------------

    def _begin(self) -> np.void:
        """Prepare the driver for a run, and return its position."""
        self.notes.reach(len(self.state.ptes) - 1)
        notes, lengths, work = self.notes, self.state.lengths, self._work
        if work.arrivals is not notes.arrivals or work.page_lengths is not lengths:
            self._work = work._replace(
                arrivals=notes.arrivals, refusals=notes.refusals, page_lengths=lengths
            )
        self._numbers.fill(0)
        queues = self.swap.settings.kind == layout.ZPOOL_Z3FOLD  # work, which Python runs
        if queues or not self.swap.compiled_can_swap():
            self._numbers[HOST_SWAPS] = 1
        if self.failures:
            self._numbers[FAILURES] = self.failures
        return self._now

    def _help(self, stop: int) -> None:
        """Do the work for which reclaim stopped."""
        now = self._now
        if stop == layout.STOP_ROOM:
            count = int(now["unmapped"])
            self.state.reserve_entries(count)
            self.state.reserve_objects(count)
            now["reserved"] = 1
        elif stop == layout.STOP_SHRINK:
            errors = self.events["swap_write_error"]
            now["freed"] += self._shrink_inactive_list(int(now["count"]))
            now["write_errors"] += self.events["swap_write_error"] - errors
        else:
            raise MachineError(errno.EINVAL, f"the driver stopped for an unknown reason {stop}")

    def _settle(self) -> None:
        """Add what the driver counted to the machine's counters."""
        counts = self._numbers.tolist()
        self.failures = counts[FAILURES]
        if counts[WRITES] or counts[READS]:
            self.swap.device.writes += counts[WRITES]
            self.swap.device.reads += counts[READS]
        for name, place in EVENTS.items():
            if counts[place]:
                self.events[name] += counts[place]
