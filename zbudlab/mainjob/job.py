"""The main job: real content under memory pressure, on machines that differ in one thing.

Processes whose memory is the content of files fill a machine until many of their pages are in
zswap. Some of the processes exit, which leaves the others scattered, and then large blocks are
requested. This is done on a machine without zswap, on one whose zbud pages cannot move, on one
whose zbud pages can, and on one with zsmalloc and zswap as today. Every page is compared with its
SHA-256 digest from before it entered a machine; on machines without page bytes its owner and its
handle are proved instead (`zbudlab.analysis.ownership`).
"""

import contextlib
import errno
import gc
import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.analysis import blockers, ownership
from zbudlab.content.sources import Content
from zbudlab.io.values import check_fields
from zbudlab.machine import SWAP_TYPE, Machine
from zbudlab.machine.config import MachineConfig
from zbudlab.machine.errors import ConfigError, MachineError
from zbudlab.machine.settings import MACHINES, MAIN_JOB
from zbudlab.mm import inspection
from zbudlab.profiles import is_todays, todays_profile

SCENARIOS = {
    "scattered": "processes grow side by side, and a random half of them exits",
    "orderly": "processes start one after another, and the older half exits, oldest first",
}
PROCESSES_PER_MACHINE = 32  #: each process is a 32nd of memory
#: Host memory per page, in addition to its frame, where pages have no bytes: length, page table
#: entry and slot and, if it is stored, zswap's entry and a handle's share of the tree. Tables can
#: be twice as long as needed.
BYTES_A_PAGE = 96
STRIDE = 64  #: pages that a process writes in its turn
COMPARED = 1024  #: pages that are read and compared at a time

WITHOUT, TODAY = "without zswap", "zsmalloc as today"


def variants(
    config: MachineConfig, machines: Sequence[str] = MACHINES
) -> dict[str, dict[str, Any]]:
    """Return the machines to compare by heading: what each changes in a configuration.

    machines: names in MACHINES. `unmovable` and `movable` have the allocator of the configuration,
    `today` the newest kernel's. ConfigError for another name, or for none.
    """
    name = config.allocator
    still: dict[str, Any] = {"zbud": "plain"} if name == "zbud" else {"zbud_movable": False}
    moving = {"zbud": "series"} if name == "zbud" else {"zbud_movable": True}
    known = {
        "none": (WITHOUT, {"zswap": False}),
        "unmovable": (f"{name} unmovable", still),
        "movable": (f"{name} movable", moving),
        "today": (TODAY, {"zpool": "zsmalloc", "profile": todays_profile()}),
    }
    if not machines or (other := [each for each in machines if each not in known]):
        wrong = ", ".join(map(repr, other)) if machines else "none of them"
        raise ConfigError(f"machines must be some of {', '.join(MACHINES)}, not {wrong}")
    chosen = [each for each in known if each in machines]
    if name == "zsmalloc" and is_todays(config.profile) and "movable" in chosen:
        chosen = [each for each in chosen if each != "today"]  # it is the same machine
    return dict(known[each] for each in chosen)


#: The machines compared unless others are chosen, by their heading in the table.
VARIANTS = variants(MachineConfig())


@dataclass(frozen=True)
class JobPlan:
    """The work done on each machine.

    scenario: one of SCENARIOS. pressure: pages of all processes per page frame. exits: share of the
    processes that exit. order: of the blocks that are requested. machines: names in MACHINES.
    ConfigError for invalid values.
    """

    config: MachineConfig
    scenario: str = "scattered"
    pressure: float = 1.4
    exits: float = 0.5
    order: int = layout.MAX_ORDER - 2
    machines: tuple[str, ...] = MACHINES

    def __post_init__(self) -> None:
        if self.scenario not in SCENARIOS:
            raise ConfigError(f"scenario must be {' or '.join(SCENARIOS)}, not {self.scenario!r}")
        check_fields(self, MAIN_JOB, ConfigError)
        for changes in self.variants.values():
            replace(self.config, **changes)

    @property
    def variants(self) -> dict[str, dict[str, Any]]:
        """What each machine changes in the configuration, by heading."""
        return variants(self.config, self.machines)

    @property
    def process_pages(self) -> int:
        """Pages of one process."""
        return max(self.config.frames // PROCESSES_PER_MACHINE, 1)

    @property
    def processes(self) -> int:
        """Number of processes that the pressure takes."""
        return max(round(self.pressure * self.config.frames / self.process_pages), 1)

    @property
    def pages(self) -> int:
        """Pages of all processes."""
        return self.processes * self.process_pages

    def check_host(self) -> None:
        """Raise MachineError(ENOMEM) if the host has no memory for the machine, input and swap."""
        swapped = max(self.pages - self.config.frames, 0)
        if self.config.page_bytes:
            self.config.check_host((self.pages + swapped) * layout.PAGE_SIZE)
        else:
            self.config.check_host(self.pages * BYTES_A_PAGE)


@dataclass
class Outcome:
    """The results of one machine. Blocks are of the job's order."""

    variant: str
    pages: int = 0
    intact: int | None = 0  # None: pages have no bytes
    proved: int | None = None  # without bytes: pages whose owner and handle were proved
    fault: str = ""  # about the first page that was not proved
    moved_with_handle: int = 0  # stored pages whose pool page moved and whose handle did not change
    swapped: int = 0  # pages swapped out under pressure
    stored_pages: int = 0  # of these, pages in zswap
    pool_pages: int = 0  # pages of the pool that hold them
    density: float = 0.0  # stored pages per page of the pool
    compression: float = 0.0  # compressed to uncompressed bytes, of pages in zswap
    refused: int = 0  # pages that zswap refused; they went to the swap device
    rejects: dict[str, int] = field(default_factory=dict)
    free_pages: int = 0  # after processes exited
    pool_pages_left: int = 0
    blocks_before: int = 0
    blocks_after: int = 0
    blocks_ideal: int = 0  # if all free pages were contiguous
    pages_moved: int = 0
    pages_failed: int = 0
    blockers: dict[str, int] = field(default_factory=dict)  # blocks by reason, see blockers.REASONS
    cma_asked: int = 0
    cma_given: int = 0
    allocator: str = "zbud"  # zswap's
    hypothetical: str = ""  # why no kernel was like this machine
    seconds: float = 0.0
    digest: str = ""
    host_bytes: dict[str, int] = field(default_factory=dict)  # see inspection.sizes
    map_before: np.ndarray | None = None  # kinds of frames, see layout.FRAME_KINDS
    map_after: np.ndarray | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return all figures, without the maps, for JSON."""
        return {k: v for k, v in asdict(self).items() if not k.startswith("map_")}


def available_blocks(machine: Machine, order: int) -> int:
    """Return how many blocks of 2^order frames can be allocated.

    They are allocated until there are no more, and then freed again.
    """
    taken = []
    with contextlib.suppress(MachineError):
        while True:
            taken.append(machine.alloc_pages(order, "movable", direct=False))
    for pfn in taken:
        machine.free_pages(pfn)
    return len(taken)


class VariantRun:
    """One machine during the job."""

    def __init__(
        self, variant: str, plan: JobPlan, content: Content, say: Callable[[int], None]
    ) -> None:
        self.plan = plan
        self.say = say
        config = replace(plan.config, **plan.variants[variant])
        self.machine = Machine(config)
        self.outcome = Outcome(variant, pages=plan.pages)
        self.outcome.allocator = config.allocator
        self.outcome.hypothetical = config.hypothetical
        if not plan.config.page_bytes:
            self.outcome.intact, self.outcome.proved = None, 0
        self.proofs: dict[int, ownership.Proof] = {}  # by process, before pages were moved
        self.content = content
        self.processes: list[int] = []
        self.first_page: dict[int, int] = {}  # in the content, by process

    def of_process(self, process: int, pages: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return which pages of the content a process has at its pages, int64.

        Content is repeated from its first page after the last.
        """
        return (self.first_page[process] + np.asarray(pages)) % len(self.content.pages)

    def write(self, process: int, first: int, count: int) -> None:
        """Write that many pages of a process, from page `first` on."""
        start = int(self.of_process(process, [first])[0])
        content = self.content.pages[start : start + count]
        if len(content) < count:  # it goes on with the first page
            numbers = self.of_process(process, np.arange(first, first + count))
            content = self.content.pages[numbers]
        self.machine.write(process, first, content)
        self.say(count)

    def fill(self) -> None:
        """Start the processes and let them write all their pages."""
        plan = self.plan
        for i in range(plan.processes):
            process = self.machine.create_process(plan.process_pages)
            self.processes.append(process)
            self.first_page[process] = i * plan.process_pages
        starts = range(0, plan.process_pages, STRIDE)
        turns = [(process, first) for first in starts for process in self.processes]
        if plan.scenario == "orderly":
            turns = [(process, first) for process in self.processes for first in starts]
        for process, first in turns:
            self.write(process, first, min(STRIDE, plan.process_pages - first))

    def note_pressure(self) -> None:
        """Record the present contents of swap and zswap."""
        counters = self.machine.swap.counters()
        outcome = self.outcome
        outcome.swapped = int(self.machine.state.processes["swapents"].sum())
        outcome.stored_pages = counters["stored_pages"]
        outcome.pool_pages = int(self.machine.state.pools["pages_nr"][SWAP_TYPE])
        outcome.rejects = {k: v for k, v in counters.items() if k.startswith(("reject", "pool_l"))}
        outcome.rejects["written_back_pages"] = counters["written_back_pages"]
        if self.machine.config.zswap:
            outcome.refused = counters["device_writes"] - counters["written_back_pages"]
        if outcome.pool_pages:
            outcome.density = outcome.stored_pages / outcome.pool_pages
            stored = outcome.stored_pages * layout.PAGE_SIZE
            outcome.compression = counters["compressed_bytes"] / stored

    def verify(self, process: int, digests: list[bytes]) -> None:
        """Compare every page of a process with its digest, or prove who owns it."""
        if self.plan.config.page_bytes:
            self.compare(process, digests)
        else:
            self.prove(process)
        self.say(self.plan.process_pages)

    def prove(self, process: int) -> None:
        """Prove owner and handle of every page, and that compaction changed no handle."""
        outcome = self.outcome
        assert outcome.proved is not None
        proof = ownership.prove(self.machine.state, process)
        if process in self.proofs:
            proof, moved = ownership.kept(self.proofs.pop(process), proof)
            outcome.moved_with_handle += moved
        outcome.proved += proof.proved
        outcome.fault = outcome.fault or proof.first_fault(process)

    def compare(self, process: int, digests: list[bytes]) -> None:
        """Compare every page of a process with its digest, wherever the page is."""
        assert self.outcome.intact is not None
        wanted = self.of_process(process, np.arange(self.plan.process_pages))
        for first in range(0, len(wanted), COMPARED):
            part = wanted[first : first + COMPARED]
            pages, whole = self.machine.peek_pages(process, range(first, first + len(part)))
            if not whole.all():
                pages, part = pages[whole], part[whole]
            for page, which in zip(pages, part.tolist(), strict=True):
                self.outcome.intact += hashlib.sha256(page).digest() == digests[which]

    def end_some(self, digests: list[bytes]) -> None:
        """End processes as the scenario says. Each is verified before it exits."""
        count = round(self.plan.exits * len(self.processes))
        if self.plan.scenario == "orderly":
            ending = self.processes[:count]
        else:
            rng = np.random.Generator(np.random.PCG64(self.plan.config.seed))
            order = np.argsort(rng.integers(1 << 62, size=len(self.processes)), kind="stable")
            ending = [self.processes[i] for i in order[:count]]
        for process in ending:
            self.verify(process, digests)
            self.machine.exit(process)
        self.processes = [process for process in self.processes if process not in ending]

    def compact(self) -> None:
        """Compact memory, and record free blocks and blockers before and after."""
        machine, outcome = self.machine, self.outcome
        zone = machine.state.zone
        outcome.free_pages = int(zone["nr_free_pages"])
        outcome.pool_pages_left = int(machine.state.pools["pages_nr"][SWAP_TYPE])
        outcome.blocks_ideal = outcome.free_pages >> self.plan.order
        outcome.blocks_before = available_blocks(machine, self.plan.order)
        outcome.map_before = inspection.frame_kinds(machine.state)
        if not self.plan.config.page_bytes:
            self.proofs = {p: ownership.prove(machine.state, p) for p in self.processes}
        machine.compact()
        outcome.pages_moved = machine.paging.events["pgmigrate_success"]
        outcome.pages_failed = machine.paging.events["pgmigrate_fail"]
        outcome.blocks_after = available_blocks(machine, self.plan.order)
        outcome.blockers = blockers.count(machine.state, self.plan.order)
        outcome.map_after = inspection.frame_kinds(machine.state)

    def ask_cma(self) -> None:
        """Request the CMA area in pieces of the largest block, and give back what was allocated."""
        first, end = self.machine.cma_area
        for start in range(first, end, layout.MAX_ORDER_NR_PAGES):
            self.outcome.cma_asked += 1
            try:
                self.machine.alloc_contig_range(start, start + layout.MAX_ORDER_NR_PAGES)
            except MachineError as error:
                if error.errno not in (errno.EBUSY, errno.ENOMEM):
                    raise
                continue
            self.outcome.cma_given += 1
            self.machine.free_contig_range(start, start + layout.MAX_ORDER_NR_PAGES)

    def through(self, digests: list[bytes]) -> Outcome:
        """Run the whole job and return the results."""
        started = time.perf_counter()
        self.fill()
        self.note_pressure()
        self.end_some(digests)
        self.compact()
        self.ask_cma()
        self.machine.check()
        for process in self.processes:
            self.verify(process, digests)
        self.outcome.digest = self.machine.digest()
        self.outcome.host_bytes = inspection.sizes(self.machine.state)
        self.outcome.seconds = time.perf_counter() - started
        return self.outcome


def run(
    plan: JobPlan, content: Content, say: Callable[[int], None] = lambda pages: None
) -> list[Outcome]:
    """Run the job on every machine of the plan with the same content.

    say: called with the number of pages whenever some were written or verified, for a progress bar:
    in total 2 * plan.pages for each machine. Return one outcome per machine.
    """
    digests = []
    if plan.config.page_bytes:
        digests = [hashlib.sha256(page).digest() for page in content.pages]
    outcomes = []
    for variant in plan.variants:
        outcomes.append(VariantRun(variant, plan, content, say).through(digests))
        gc.collect()  # frees the memory of the machine, whose parts refer to each other
    return outcomes
