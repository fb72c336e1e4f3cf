"""Run a workload on a machine, step by step.

The order within a step is: blocks and ranges whose time is over are given back; processes whose
time is over exit, and new ones start; then each process, oldest first, grows or uses pages of its
regions; last come the kernel's allocations and the requests for the CMA area. Each process has its
own random generator, so what happens to one never changes what another does.

When memory and swap are full, the largest process is killed, as the kernel does.
"""

import errno
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from zbudlab.io.arguments import checked
from zbudlab.io.values import shown
from zbudlab.layout import ROOT_CGROUP
from zbudlab.machine import Machine
from zbudlab.machine.errors import MachineError
from zbudlab.workload import access
from zbudlab.workload.checks import Size, WorkloadError, pages_of
from zbudlab.workload.content import ContentPages, content
from zbudlab.workload.language import Allocation, CmaRequest, Group, Phase, Process, Region

OUT_OF_STEP = 1 << 32  #: the number of the generator that chooses which processes end

#: Events that are counted: processes, pages, blocks, requests.
EVENTS = {
    "started": "processes started",
    "ended": "processes that ended",
    "killed": "processes killed for lack of memory",
    "lost": "processes killed because a page was lost",
    "grown": "pages written by growing processes",
    "used": "pages used",
    "allocated": "blocks the kernel allocated",
    "refused": "allocations of the kernel that failed",
    "cma_asked": "requests for the CMA area",
    "cma_met": "of these, requests met",
}


class Step(NamedTuple):
    """The events of one step.

    number: of the step, over all phases. in_phase: of the step within its phase. processes: running
    at its end. events: counts by the names in EVENTS.
    """

    number: int
    phase: str
    in_phase: int
    processes: int
    events: Counter[str]


class Live:
    """A running process: how far it has grown, and how it uses its regions.

    number: counts all processes of the run from 0. process: its number on the machine. age: steps
    that the run has taken before.
    """

    def __init__(self, kind: Process, number: int, age: int, run: "Run") -> None:
        self.kind = kind
        self.number = number
        self.born = age
        self.grown = 0
        self.sizes = [max(pages_of(r.pages, run.machine.config.frames), 1) for r in kind.regions]
        self.pages = sum(self.sizes)
        group = run.cgroups.get(kind.cgroup, ROOT_CGROUP)
        self.process = run.machine.create_process(self.pages, cgroup=group)
        self.rng = run.generator(number)
        self.first = np.cumsum([0, *self.sizes]).tolist()
        self.contents = [run.content(region) for region in kind.regions]
        self.offsets = [int(self.rng.integers(len(pages))) for pages in self.contents]
        self.patterns = [
            _pattern(r, size, self.rng) for r, size in zip(kind.regions, self.sizes, strict=True)
        ]


def _pattern(region: Region, pages: int, rng: np.random.Generator) -> access.Pattern:
    """Create a region's access pattern."""
    if region.access == "sequential":
        return access.Sequential(pages)
    if region.access == "random":
        return access.Random(pages, rng)
    if region.access == "zipf":
        return access.Zipf(pages, rng, region.skew)
    return access.WorkingSet(pages, rng, region.working_set, region.shift)


def _made(machine: Machine, groups: tuple[Group, ...]) -> dict[str, int]:
    """Create cgroups on a machine. Return their numbers by name."""
    found: dict[str, int] = {}
    for group in groups:
        size = group.zswap_max
        try:
            found[group.name] = machine.create_cgroup(
                found.get(group.parent, ROOT_CGROUP),
                zswap_max=None if size is None else pages_of(size, machine.config.frames),
                zswap_writeback=group.zswap_writeback,
            )
        except MachineError as error:
            raise WorkloadError(f"cgroup {group.name}: {error.sentence}") from error
    return found


class Run:
    """The steps of a workload on a machine: iterate over it, `for step in workload.run(machine)`.

    Between two steps the machine may be used in any way, and the run may be changed: `intensity` is
    a factor for the pages used and grown per step (0 = all processes sleep); `start(kind)` and
    `end(live)` add and remove processes. processes: those running, oldest first. totals: counts of
    all events so far. cgroups: their numbers on the machine, by name. Raises WorkloadError if the
    workload has cgroups and the machine's zswap supports none.
    """

    @checked()
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
        cgroups: tuple[Group, ...] = (),
    ) -> None:
        self.machine = machine
        self.cgroups = _made(machine, cgroups)
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

    @checked()
    def generator(self, number: int) -> np.random.Generator:
        """Return a random generator that depends on the seed and this number only."""
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, number])))

    @checked()
    def content(self, region: Region) -> ContentPages:
        """Return the pages that a region contains."""
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
        """Return the numbers of the processes that are in use now."""
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

    @checked()
    def start(self, kind: str) -> Live:
        """Start a process of that kind; WorkloadError if the workload has no such kind."""
        if kind not in self.kinds:
            raise WorkloadError(
                f"unknown kind of process {shown(kind)}: there are {', '.join(self.kinds)}"
            )
        live = Live(self.kinds[kind], self._births, self._age, self)
        self._births += 1
        self.processes.append(live)
        self._events["started"] += 1
        return live

    @checked()
    def end(self, live: Live, event: str = "ended") -> None:
        """End a process, counted under `event`."""
        self.processes.remove(live)
        self.machine.exit(live.process)
        self._events[event] += 1

    def _end_some(self, phase: Phase, number: int, there: Counter[str]) -> None:
        """End processes that have reached their age, and those that the phase ends."""
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
        """Let a process grow or use its pages. It may have been killed, and may be killed now."""
        if live not in self.processes:
            return
        grows = live.grown < live.pages
        if grows:
            self._with_memory(live, lambda: self._grow(live))
        elif in_use:
            self._with_memory(live, lambda: self._use(live))

    def _with_memory(self, live: Live, work: Callable[[], None]) -> None:
        """Do the work. Kill the largest process while memory is full, and any that lost a page."""
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
        """Use the pages of this step, region by region: read some, write others."""
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
        """Schedule giving something back after `keep` steps; 0 = never."""
        if keep:
            self._due.append((self._age + keep, back))

    def _give_back(self) -> None:
        """Give back what is due."""
        due = [back for age, back in self._due if age <= self._age]
        self._due = [(age, back) for age, back in self._due if age > self._age]
        for back in due:
            back()

    def _allocate(self, wanted: Allocation) -> None:
        """Allocate the kernel's blocks of this step, and count those refused."""
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
        """Request a range that is not taken, from the start of the area on.

        The kernel's migration reclaims while it allocates targets. Here migration is one compiled
        function and cannot, so if it finds no frame, that many pages are reclaimed and the range is
        tried once more.
        """
        first, last = self.machine.cma_area
        pages = pages_of(request.pages, last - first)
        self._events["cma_asked"] += 1
        if request.by == "cma_alloc":
            self._cma_alloc(max(pages, 1), request)
            return
        for start in range(first, last - pages + 1, pages):
            if self._cma.isdisjoint(range(start, start + pages)):
                answer = self._take_cma(start, start + pages, request.keep)
                if answer == errno.ENOMEM and self.machine.reclaim(pages):
                    answer = self._take_cma(start, start + pages, request.keep)
                if answer != errno.EBUSY:
                    return

    def _take_cma(self, start: int, end: int, keep: int) -> int:
        """Take a range of the CMA area. Return 0, EBUSY or ENOMEM."""
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

    def _cma_alloc(self, pages: int, request: CmaRequest) -> None:
        """Request pages of the CMA area as drivers do."""
        try:
            pfn = self.machine.cma_alloc(pages, align=request.align)
        except MachineError as error:
            if error.errno not in (errno.EBUSY, errno.ENOMEM):
                raise
            return
        self._events["cma_met"] += 1
        self._lend(request.keep, lambda: self.machine.cma_release(pfn, pages))

    def _return_cma(self, start: int, end: int) -> None:
        """Give a range of the CMA area back."""
        self._cma.difference_update(range(start, end))
        self.machine.free_contig_range(start, end)


def _share(count: int, steps: int, number: int) -> int:
    """Return the part of `count` for step `number` of `steps`, spread evenly."""
    return -(-count * (number + 1) // steps) + (-count * number // steps)
