"""Replay the pages that programs used on a simulated machine with zswap and a swap device.

A program's pages are numbered in the order of their first use. Each process of a trace becomes one
process here, or several, because a process here has REGION pages. If the trace has no compressed
length for a page, the page is drawn by seed from a content of `zbudlab.workload`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zbudlab.machine import Machine
from zbudlab.machine.config import MachineConfig
from zbudlab.machine.errors import MachineError
from zbudlab.traces.figures import Samples, look
from zbudlab.workload.content import content

REGION = 1 << 14  #: pages of a process here
TOUCH = 1 << 12  #: pages used at once
READ, WRITE, FIRST_WRITE = range(3)
EVENTS = ("pgfault", "pgmajfault", "pswpout", "allocstall")


class Space:
    """The pages of one process of the trace, numbered in the order of their first use."""

    def __init__(self) -> None:
        self.known: dict[int, int] = {}
        self.written = np.zeros(REGION, bool)
        self.processes: list[int] = []  # of the machine, REGION pages each

    def numbers(self, pages: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of each page; new pages get the next numbers in order."""
        values, first, inverse = np.unique(pages, return_index=True, return_inverse=True)
        found = np.array([self.known.get(page, -1) for page in values.tolist()], np.int64)
        new = np.flatnonzero(found < 0)
        new = new[np.argsort(first[new])]
        found[new] = np.arange(len(self.known), len(self.known) + len(new))
        self.known.update(zip(values[new].tolist(), found[new].tolist(), strict=True))
        while len(self.written) < len(self.known):
            self.written = np.concatenate([self.written, np.zeros(len(self.written), bool)])
        return found[inverse]

    def first_writes(self, numbers: NDArray, writes: NDArray) -> NDArray[np.bool_]:
        """Return which uses write a page for the first time."""
        places = np.flatnonzero(writes)
        pages, first = np.unique(numbers[places], return_index=True)
        found = np.zeros(len(numbers), bool)
        found[places[first[~self.written[pages]]]] = True
        self.written[pages] = True
        return found


class PageReplay:
    """A machine that uses the pages of a trace, batch after batch.

    what: the content of pages for which the trace has no compressed length (see
    `zbudlab.workload.content`). settings: of the machine, which has no page bytes.
    """

    def __init__(self, *, what: str = "mixed", every: int = 1024, **settings: Any) -> None:
        config = MachineConfig(page_bytes=False, log=False, **settings)
        self.machine = Machine(config)
        self.content = content(what, config.seed, Path())
        self.spaces: dict[int, Space] = {}
        self.samples = Samples(every)
        self.done = self.refused = self.total = self.ended = 0
        self.seconds: float | None = None

    def use(
        self, process: int, pages: NDArray, writes: NDArray, lengths: NDArray | None = None
    ) -> None:
        """Use pages of a process in the given order.

        lengths: the compressed length of each page written; below 0 = not known.
        """
        space = self.spaces.setdefault(process, Space())
        before = len(space.known)
        numbers = space.numbers(pages)
        self.total += len(space.known) - before
        kinds = np.where(writes != 0, WRITE, READ)
        kinds[space.first_writes(numbers, writes != 0)] = FIRST_WRITE
        drawn = self.content.for_machine(self.machine, numbers % len(self.content))
        if lengths is not None:
            kinds[(writes != 0) & (lengths >= 0)] = FIRST_WRITE
            drawn = np.where(lengths >= 0, lengths, drawn)
        regions, places = (numbers // REGION).tolist(), numbers % REGION
        each = kinds.tolist()
        for start, end in self._runs(numbers, kinds):
            where = space, regions[start]
            self._use_run(where, places[start:end], each[start], drawn[start:end])

    def _runs(self, numbers: NDArray, kinds: NDArray) -> Iterator[tuple[int, int]]:
        """Yield ranges of uses for one call: of one kind, in one region, first writes adjacent."""
        ends = (np.diff(kinds) != 0) | (np.diff(numbers // REGION) != 0)
        ends |= (kinds[1:] == FIRST_WRITE) & (np.diff(numbers) != 1)
        start = 0
        for end in [*(np.flatnonzero(ends) + 1).tolist(), len(numbers)]:
            while start < end:
                stop = min(end, start + TOUCH, start + self.samples.due(self.done))
                yield start, stop
                self._count(stop - start)
                start = stop

    def _count(self, uses: int) -> None:
        self.done += uses
        self.samples.take(self.done, self.sample)

    def _use_run(
        self, where: tuple[Space, int], pages: NDArray, kind: int, lengths: NDArray
    ) -> None:
        space, region = where
        while len(space.processes) <= region:
            space.processes.append(self.machine.create_process(REGION))
        process = space.processes[region]
        faults = self.machine.paging.events
        while len(pages):
            before = faults["pgfault"]
            try:
                self._use_now(process, pages, kind, lengths)
                return
            except MachineError:  # memory and swap are full, or the page is lost
                self.refused += 1
                left = faults["pgfault"] - before + 1
                pages, lengths = pages[left:], lengths[left:]

    def _use_now(self, process: int, pages: NDArray, kind: int, lengths: NDArray) -> None:
        if kind == FIRST_WRITE:
            self.machine.write(process, int(pages[0]), lengths)
        else:
            self.machine.touch(process, pages, write=kind == WRITE)

    def exit(self, process: int) -> None:
        """End a process of the trace, if it is known."""
        self.ended += process in self.spaces
        for own in self.spaces.pop(process, Space()).processes:
            self.machine.exit(own)

    def sample(self) -> dict[str, Any]:
        """Return a sample of the machine."""
        events, swap = self.machine.paging.events, self.machine.swap.counters()
        return {
            "event": self.done,
            "seconds": self.seconds,
            **look(self.machine.state),
            **{name: events[name] for name in EVENTS},
            **{name: swap[name] for name in ("stored_pages", "pool_pages", "written_back_pages")},
            "refused": self.refused,
        }

    def finish(self) -> list[dict[str, Any]]:
        """Return all samples, including one at the end."""
        return self.samples.finished(self.done, self.sample)
