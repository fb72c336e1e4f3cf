"""A machine under pressure whose settings can change while it runs, in words for students.

`Pressure` says how hard the machine is pressed. `UnderPressure` runs it step by step: programs
start, use their memory and exit, the kernel allocates pages and frees some, and a large block is
requested. Each step gives a row of figures. The machine has no page bytes, since the compressed
length of each page is known.
"""

import contextlib
import errno
from dataclasses import dataclass, fields, replace
from math import ceil
from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.content.compressors import available
from zbudlab.io.values import Choice, check_fields
from zbudlab.machine import SWAP_TYPE, Machine
from zbudlab.machine.errors import ConfigError, MachineError
from zbudlab.machine.settings import PRESSURE
from zbudlab.mm import vmstat
from zbudlab.profiles import DEFAULT, zpool_refusal
from zbudlab.workload import CmaRequest, Phase, Process, Region, Workload
from zbudlab.workload.run import Run
from zbudlab.workload.watch import HUGE_ORDER, free_blocks

#: How well pages compress: the content of programs' memory (see `zbudlab.content.corpus`).
CONTENTS: dict[str, str | dict[str, float]] = {
    "hardly": {"random": 8, "text": 2},
    "poorly": {"text": 7, "random": 2, "binary": 1},
    "as usual": "mixed",
    "well": {"binary": 4, "zero": 3, "same": 2, "half": 1},
}
PROGRAM = 5  #: percent of memory: size of a program
RENEWED = 64  #: one in RENEWED of the kernel's pages is freed in a step
AT_ONCE = 256  #: the kernel allocates at most one in AT_ONCE frames in a step
BIRTHS = 3  #: most programs that start in a step
FULL_SPEED = 16384  #: frames: on larger machines a step covers less time, so that it ends as soon
WHOLE_LIFE = 1_000_000  #: steps of the only phase, which never ends

#: Columns of a row, in addition to pages in free blocks by order ("free 0" to "free 10").
FIGURES = {
    "pool": "frames of zswap's pool",
    "stored": "pages that zswap holds",
    "density": "stored pages per frame of the pool",
    "from zswap": "faults served by zswap",
    "from swap": "faults served by the swap device",
    "fragmentation": "fragmentation index of the requested order",
    "huge": f"blocks of order {HUGE_ORDER} available",
    "moved": "pages moved",
    "met": "requested blocks that were allocated",
    "programs": "programs running",
}
FREE = [f"free {order}" for order in range(layout.MAX_ORDER)]
COLUMNS = ("step", *FREE, *FIGURES)


@dataclass(frozen=True)
class Pressure:
    """How hard a machine is pressed. Percentages are of its memory.

    frames: size of memory in page frames. working_set: memory that programs use, percent. content:
    how well their pages compress, one of CONTENTS. max_pool_percent: the most that zswap may use.
    compressor: zswap's. profile, zpool: whose rules zswap follows, and its allocator, as in
    `MachineConfig`. thought_experiment: whether they may be ones that no kernel had together.
    movable: whether pages of the pool can be moved. unmovable: the kernel's own pages, percent.
    cma: the CMA area, percent, rounded to whole largest blocks. exits: percent of the programs that
    exit in a step and are replaced (fewer with more than FULL_SPEED frames, where a step is
    shorter). order: of the block that is requested in each step. seed: for all randomness.
    ConfigError for invalid values.
    """

    frames: int = 16384
    working_set: int = 120
    content: str = "as usual"
    max_pool_percent: int = 20
    compressor: str = "lz4"
    profile: str = DEFAULT
    zpool: str | None = None
    thought_experiment: bool = False
    movable: bool = True
    unmovable: int = 1
    cma: int = 0
    exits: int = 5
    order: int = HUGE_ORDER
    seed: int = 0

    def __post_init__(self) -> None:
        names = {"content": Choice(tuple(CONTENTS)), "compressor": Choice(tuple(available()))}
        check_fields(self, PRESSURE | names, ConfigError)
        why = zpool_refusal(self.profile, self.zpool) if self.zpool else None
        if why and not self.thought_experiment:
            raise ConfigError(why)

    @classmethod
    def of(cls, **settings: Any) -> "Pressure":
        """Create a pressure from settings by name; ConfigError for unknown names."""
        known = [field.name for field in fields(cls)]
        if unknown := set(settings) - set(known):
            raise ConfigError(
                f"unknown setting {', '.join(sorted(unknown))}: use {', '.join(known)}"
            )
        return cls(**settings)

    @property
    def programs(self) -> int:
        """Number of programs that make up the working set."""
        return ceil(self.working_set / PROGRAM)

    @property
    def cma_pages(self) -> int:
        """Size of the CMA area in pages, whole largest blocks."""
        blocks = self.frames // layout.MAX_ORDER_NR_PAGES
        if self.frames % layout.MAX_ORDER_NR_PAGES:
            return 0
        return round(blocks * self.cma / 100) * layout.MAX_ORDER_NR_PAGES

    def machine(self) -> Machine:
        """Return a machine with these settings, just booted."""
        return Machine(
            frames=self.frames,
            page_bytes=False,
            cma_pages=self.cma_pages,
            zbud_movable=self.movable,
            compressor=self.compressor,
            profile=self.profile,
            zpool=self.zpool,
            thought_experiment=self.thought_experiment,
            max_pool_percent=self.max_pool_percent,
            seed=self.seed,
            log=False,
        )

    def workload(self) -> Workload:
        """Return a workload: a kind of program per content, and requests for any CMA area."""
        kinds = tuple(
            Process(name, (Region(f"{PROGRAM} %", content, "zipf", "4 %", skew=0.8),), "15 %")
            for name, content in CONTENTS.items()
        )
        cma = (CmaRequest("25 %", every=8, keep=4),) if self.cma_pages else ()
        return Workload("pressure", kinds, (Phase("pressure", WHOLE_LIFE, cma=cma),))


#: Settings that are fixed at boot: changing one of these needs a new machine.
BOOT = ("frames", "compressor", "profile", "zpool", "thought_experiment", "cma", "seed")


class UnderPressure:
    """A machine under pressure: `change` the pressure at any time, `step`, and read `row`."""

    def __init__(self, pressure: Pressure) -> None:
        self.pressure = pressure
        self.machine = pressure.machine()
        self.run: Run = pressure.workload().run(self.machine, repeat=True)
        self.run.intensity = min(FULL_SPEED / pressure.frames, 1.0)
        self.rng = np.random.Generator(np.random.PCG64([pressure.seed, 1]))
        self.kernel: list[int] = []  # frames that the kernel has allocated
        self.steps = 0
        self.met = 0
        self._before = self._counts()
        self.look()

    def change(self, pressure: Pressure) -> bool:
        """Apply another pressure from now on. Return False if that needs another machine."""
        old = self.pressure
        if any(getattr(old, name) != getattr(pressure, name) for name in BOOT):
            return False
        self.pressure = pressure
        if pressure.max_pool_percent != old.max_pool_percent:
            self.machine.set_max_pool_percent(pressure.max_pool_percent)
        if pressure.movable != old.movable:
            self.machine.set_zbud_movable(pressure.movable)
        return True

    def step(self) -> dict[str, float]:
        """Run one step and return the row of figures after it."""
        self._before = self._counts()
        self.met = 0
        self._end_some()
        self._keep_programs()
        next(self.run)
        self._take_for_kernel()
        self.machine.rescan()  # as kswapd does when it goes to sleep
        self._ask()
        self.steps += 1
        return self.look()

    def look(self) -> dict[str, float]:
        """Compute the row of figures again. Counts are those since the last step began."""
        self.row = self._look()
        return self.row

    # --- pressure --------------------------------------------------------------------------

    def _end_some(self) -> None:
        """End programs at random; others start in their place."""
        percent = self.pressure.exits * self.run.intensity
        for live in list(self.run.processes):
            if self.rng.integers(100) < percent:
                self.run.end(live)

    def _keep_programs(self) -> None:
        """Start programs, or end random ones, until they make up the working set."""
        while (there := len(self.run.processes)) > self.pressure.programs:
            self.run.end(self.run.processes[int(self.rng.integers(there))])
        missing = self.pressure.programs - len(self.run.processes)
        for _ in range(min(missing, BIRTHS)):
            self.run.start(self.pressure.content)

    def _take_for_kernel(self) -> None:
        """Free some of the kernel's pages and allocate others, until it has its share."""
        wanted = self.pressure.frames * self.pressure.unmovable // 100
        most = max(self.pressure.frames // AT_ONCE, 1)
        surplus = max(len(self.kernel) - wanted, 0)
        for _ in range(min(max(surplus, len(self.kernel) // RENEWED), len(self.kernel))):
            place = int(self.rng.integers(len(self.kernel)))
            self.kernel[place], self.kernel[-1] = self.kernel[-1], self.kernel[place]
            self.machine.free_pages(self.kernel.pop())
        with self._no_memory():
            for _ in range(min(wanted - len(self.kernel), most)):
                self.kernel.append(self.machine.alloc_pages(0, "unmovable"))

    def _ask(self) -> None:
        """Request a block, with compaction and reclaim if necessary, and free it again."""
        with self._no_memory():
            self.machine.free_pages(self.machine.alloc_pages(self.pressure.order, "movable"))
            self.met = 1

    @staticmethod
    @contextlib.contextmanager
    def _no_memory() -> Any:
        """Return a context in which running out of memory is no error."""
        try:
            yield
        except MachineError as error:
            if error.errno != errno.ENOMEM:
                raise

    # --- figures -------------------------------------------------------------------------------

    def _counts(self) -> np.ndarray:
        """Return counts that only grow: major faults that stored content served, reads, moves.

        Reads are those from the swap device, moves those of pages.
        """
        events = self.machine.paging.events
        reads = self.machine.swap.device.reads
        faults = events["pgmajfault"] - events["swpin_zero"]  # marked zeros are stored nowhere
        return np.array([faults, reads, events["pgmigrate_success"]])

    def _look(self) -> dict[str, float]:
        """Return a row of figures, by the names in COLUMNS."""
        state = self.machine.state
        faults, reads, moved = (self._counts() - self._before).tolist()
        pool = int(state.pools["pages_nr"][SWAP_TYPE])
        stored = state.zswaps["stored_pages"].item(0)
        indices = np.zeros((2, layout.MAX_ORDER), np.int64)
        vmstat.extfrag_indices(state.mem, indices)
        by_order = state.zone["nr_free"].astype(np.int64) << np.arange(layout.MAX_ORDER)
        figures = {
            "pool": pool,
            "stored": stored,
            "density": stored / pool if pool else 0.0,
            "from zswap": max(faults - reads, 0),
            "from swap": reads,
            "fragmentation": indices.item(0, self.pressure.order) / 1000,
            "huge": free_blocks(self.machine, HUGE_ORDER),
            "moved": moved,
            "met": self.met,
            "programs": len(self.run.processes),
        }
        return {"step": self.steps, **dict(zip(FREE, by_order.tolist(), strict=True)), **figures}


def side_by_side(pressure: Pressure) -> dict[str, UnderPressure]:
    """Put the same pressure on a machine whose zbud pages can move and one whose pages cannot."""
    kinds = {"zbud cannot move": False, "zbud can move": True}
    return {
        name: UnderPressure(replace(pressure, movable=movable)) for name, movable in kinds.items()
    }
