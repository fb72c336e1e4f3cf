"""A workload on a machine, step by step: who is born, who writes, who uses what, who ends.

In a step, in this order: what was lent comes back, processes whose time is over end, new ones are
born; then each process in the order of its birth grows, or uses pages of its regions; last come
the kernel's allocations and the requests for the CMA area. A process draws from a generator of
its own, so that what happens to one never changes what another does.

Where memory and swap are at their end the largest process is killed, as the kernel does.
"""

import errno
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from zbudlab.machine import Machine
from zbudlab.machine.errors import MachineError
from zbudlab.workload import access
from zbudlab.workload.checks import Size, pages_of
from zbudlab.workload.content import Pages, content
from zbudlab.workload.language import Allocation, CmaRequest, Phase, Process, Region

OUT_OF_STEP = 1 << 32  #: the number of the generator that decides who ends

#: What is counted: processes, pages, blocks, requests.
EVENTS = {
    "started": "processes born",
    "ended": "processes that ended",
    "killed": "processes killed for lack of memory",
    "lost": "processes killed as a page of theirs was lost",
    "grown": "pages written by growing processes",
    "used": "pages used",
    "allocated": "blocks the kernel took",
    "refused": "blocks the kernel did not get",
    "cma_asked": "requests for the CMA area",
    "cma_met": "of these, met",
}


class Step(NamedTuple):
    """What a step was: its number over all, its phase and number in it, and what happened."""

    number: int
    phase: str
    in_phase: int
    processes: int
    events: Counter[str]


class Live:
    """A process that runs: its number on the machine, how far it has grown, what it uses."""

    def __init__(self, kind: Process, number: int, age: int, run: "Run") -> None:
        self.kind = kind
        self.number = number
        self.born = age
        self.grown = 0
        self.sizes = [max(pages_of(r.pages, run.machine.config.frames), 1) for r in kind.regions]
        self.pages = sum(self.sizes)
        self.process = run.machine.create_process(self.pages)
        self.rng = run.generator(number)
        self.first = np.cumsum([0, *self.sizes]).tolist()
        self.contents = [run.content(region) for region in kind.regions]
        self.offsets = [int(self.rng.integers(len(pages))) for pages in self.contents]
        self.patterns = [
            _pattern(r, size, self.rng) for r, size in zip(kind.regions, self.sizes, strict=True)
        ]


def _pattern(region: Region, pages: int, rng: np.random.Generator) -> access.Pattern:
    if region.access == "sequential":
        return access.Sequential(pages)
    if region.access == "random":
        return access.Random(pages, rng)
    if region.access == "zipf":
        return access.Zipf(pages, rng, region.skew)
    return access.WorkingSet(pages, rng, region.working_set, region.shift)


class Run:
    """The steps of a workload on a machine: iterate over it, `for step in workload.run(machine)`.

    Between two steps anything may be done with the machine, and these may be changed:
    intensity: factor of the pages used and grown a step, 0 = all sleep.
    `start(kind)`, `end(live)`: a process more, one less. processes: those that run, by birth.
    totals: all events so far.
    """

    def __init__(
        self,
        machine: Machine,
        processes: tuple[Process, ...],
        phases: tuple[Phase, ...],
        *,
        seed: int,
        name: str = "",
        folder: Path = Path(),
        repeat: bool = False,
    ) -> None:
        self.machine = machine
        self.name = name
        self.phases = phases
        self.seed = seed
        self.folder = folder
        self.repeat = repeat
        self.intensity = 1.0
        self.processes: list[Live] = []
        self.totals: Counter[str] = Counter()
        self.kinds = {kind.name: kind for kind in processes}
        self._events: Counter[str] = Counter()
        self._births = 0
        self._age = 0
        self._due: list[tuple[int, Callable[[], None]]] = []
        self._cma: set[int] = set()
        self._rng = self.generator(OUT_OF_STEP)
        self._steps = self._all_steps()

    def __iter__(self) -> Iterator[Step]:
        return self

    def __next__(self) -> Step:
        return next(self._steps)

    def generator(self, number: int) -> np.random.Generator:
        """A source of chance that depends on the seed and this number alone."""
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, number])))

    def content(self, region: Region) -> Pages:
        """What stands in a region."""
        return content(region.content, self.seed, self.folder)

    # --- steps ---------------------------------------------------------------------------------

    def _all_steps(self) -> Iterator[Step]:
        while True:
            for phase in self.phases:
                there = Counter(live.kind.name for live in self.processes)
                for number in range(phase.steps):
                    yield self._step(phase, number, there)
            if not self.repeat:
                return

    def _step(self, phase: Phase, number: int, there: Counter[str]) -> Step:
        self._give_back()
        self._end_some(phase, number, there)
        for kind, count in phase.start.items():
            for _ in range(_share(count, phase.steps, number)):
                self.start(kind)
        in_use = self._in_use(phase)
        for live in list(self.processes):
            self._let_run(live, live.number in in_use)
        for wanted in phase.allocate:
            if number % wanted.every == 0:
                self._allocate(wanted)
        for request in phase.cma:
            if number % request.every == 0:
                self._ask_cma(request)
        self._age += 1
        events, self._events = self._events, Counter()
        self.totals.update(events)
        return Step(self._age - 1, phase.name, number, len(self.processes), events)

    def _in_use(self, phase: Phase) -> set[int]:
        """Numbers of the processes whose turn it is."""
        found: set[int] = set()
        for kind in self.kinds.values():
            members = [live.number for live in self.processes if live.kind is kind]
            if kind.name in phase.sleep or not members:
                continue
            count = min(kind.at_once or len(members), len(members))
            first = self._age // kind.turn * count
            found.update(members[(first + i) % len(members)] for i in range(count))
        return found

    # --- processes -----------------------------------------------------------------------------

    def start(self, kind: str) -> Live:
        """Begin a process of that kind."""
        live = Live(self.kinds[kind], self._births, self._age, self)
        self._births += 1
        self.processes.append(live)
        self._events["started"] += 1
        return live

    def end(self, live: Live, event: str = "ended") -> None:
        """End a process."""
        self.processes.remove(live)
        self.machine.exit(live.process)
        self._events[event] += 1

    def _end_some(self, phase: Phase, number: int, there: Counter[str]) -> None:
        for live in list(self.processes):
            if live.kind.life and self._age - live.born >= live.kind.life:
                self.end(live)
        for name, wanted in phase.end.items():
            for _ in range(_share(pages_of(wanted, there[name]), phase.steps, number)):
                members = [live for live in self.processes if live.kind.name == name]
                if members:
                    drawn = int(self._rng.integers(len(members)))
                    place = {"oldest": 0, "newest": -1, "random": drawn}
                    self.end(members[place[self.kinds[name].ends]])

    def _let_run(self, live: Live, in_use: bool) -> None:
        """Let a process grow or use its pages; it may be killed, or be dead already."""
        if live not in self.processes:
            return
        grows = live.grown < live.pages
        if grows:
            self._with_memory(live, lambda: self._grow(live))
        elif in_use:
            self._with_memory(live, lambda: self._use(live))

    def _with_memory(self, live: Live, work: Callable[[], None]) -> None:
        """Do it; kill who is largest while there is no memory, and who has lost a page."""
        while live in self.processes:
            try:
                return work()
            except MachineError as error:
                if error.errno == errno.ENOMEM:
                    self.end(max(self.processes, key=lambda p: (p.grown, p.number)), "killed")
                elif error.errno == errno.EIO:
                    self.end(live, "lost")
                else:
                    raise

    def _scaled(self, size: Size, whole: int) -> int:
        return round(pages_of(size, whole) * self.intensity)

    def _grow(self, live: Live) -> None:
        """Write the next pages of a process."""
        stop = min(live.grown + self._scaled(live.kind.grow, live.pages), live.pages)
        for which, first in enumerate(live.first[:-1]):
            start, end = max(live.grown, first), min(stop, live.first[which + 1])
            if start < end:
                pages = live.contents[which]
                numbers = (live.offsets[which] + np.arange(start - first, end - first)) % len(pages)
                self.machine.write(live.process, start, pages.for_machine(self.machine, numbers))
                live.grown = end
                self._events["grown"] += end - start

    def _use(self, live: Live) -> None:
        """Use the pages of this step, region by region: some are read, the others written."""
        for region, first, size, pattern in zip(
            live.kind.regions, live.first, live.sizes, live.patterns, strict=False
        ):
            pages = first + pattern.next_pages(self._scaled(region.use, size))
            writes = live.rng.random(len(pages)) < region.write
            for chosen, write in ((pages[~writes], False), (pages[writes], True)):
                if len(chosen):
                    self.machine.touch(live.process, chosen, write=write)
            self._events["used"] += len(pages)

    # --- blocks and CMA ------------------------------------------------------------------------

    def _lend(self, keep: int, back: Callable[[], None]) -> None:
        if keep:
            self._due.append((self._age + keep, back))

    def _give_back(self) -> None:
        due = [back for age, back in self._due if age <= self._age]
        self._due = [(age, back) for age, back in self._due if age > self._age]
        for back in due:
            back()

    def _allocate(self, wanted: Allocation) -> None:
        for _ in range(pages_of(wanted.count, self.machine.config.frames)):
            try:
                pfn = self.machine.alloc_pages(
                    wanted.order, wanted.migratetype, direct=wanted.direct
                )
            except MachineError as error:
                if error.errno != errno.ENOMEM:
                    raise
                self._events["refused"] += 1
                continue
            self._events["allocated"] += 1
            self._lend(wanted.keep, lambda pfn=pfn: self.machine.free_pages(pfn))  # type: ignore[misc]

    def _ask_cma(self, request: CmaRequest) -> None:
        """Ask for a range that is not taken, from the area's beginning on, as cma_alloc does.

        The kernel's migration allocates its targets with reclaim; ours is one compiled piece and
        cannot, so where it finds no frame, as many pages are reclaimed and it is tried once more.
        """
        first, last = self.machine.cma_area
        pages = pages_of(request.pages, last - first)
        self._events["cma_asked"] += 1
        for start in range(first, last - pages + 1, pages):
            if self._cma.isdisjoint(range(start, start + pages)):
                answer = self._take_cma(start, start + pages, request.keep)
                if answer == errno.ENOMEM and self.machine.reclaim(pages):
                    answer = self._take_cma(start, start + pages, request.keep)
                if answer != errno.EBUSY:
                    return

    def _take_cma(self, start: int, end: int, keep: int) -> int:
        """Take a range of the CMA area: 0, EBUSY or ENOMEM."""
        try:
            self.machine.alloc_contig_range(start, end)
        except MachineError as error:
            if error.errno not in (errno.EBUSY, errno.ENOMEM):
                raise
            return error.errno
        self._cma.update(range(start, end))
        self._events["cma_met"] += 1
        self._lend(keep, lambda: self._return_cma(start, end))
        return 0

    def _return_cma(self, start: int, end: int) -> None:
        self._cma.difference_update(range(start, end))
        self.machine.free_contig_range(start, end)


def _share(count: int, steps: int, number: int) -> int:
    """How many of `count` fall on step `number` of `steps`: evenly, the first on the first."""
    return -(-count * (number + 1) // steps) + (-count * number // steps)
