"""A machine under pressure that can be changed while it lasts, in words a student knows.

`Pressure` says how hard, `UnderPressure` is a machine that has it, step by step: programs start,
use their memory and end, the kernel takes pages for itself and gives some back, and somebody asks
for a large block. What comes of each step is a row of figures. The machine has no page bytes:
what its pages would compress to is known.
"""

import contextlib
import errno
from dataclasses import dataclass, fields, replace
from math import ceil
from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.content.compressors import available
from zbudlab.io.values import fault_of
from zbudlab.machine import SWAP_TYPE, Machine
from zbudlab.machine.config import MAX_FRAMES
from zbudlab.machine.errors import ConfigError, MachineError
from zbudlab.mm import vmstat
from zbudlab.workload import CmaRequest, Phase, Process, Region, Workload
from zbudlab.workload.run import Run
from zbudlab.workload.watch import HUGE_ORDER, free_blocks

#: How well pages compress: what stands in the memory of programs (see `zbudlab.content.corpus`).
CONTENTS: dict[str, str | dict[str, float]] = {
    "hardly": {"random": 8, "text": 2},
    "poorly": {"text": 7, "random": 2, "binary": 1},
    "as usual": "mixed",
    "well": {"binary": 4, "zero": 3, "same": 2, "half": 1},
}
PROGRAM = 5  #: percent of memory that a program has
RENEWED = 64  #: one of so many of the kernel's pages is given back in a step
AT_ONCE = 256  #: one of so many frames is the most that the kernel takes in a step
BIRTHS = 3  #: programs that start in a step at most
FULL_SPEED = 16384  #: frames: on larger machines a step is a shorter time, so that it is soon done
WHOLE_LIFE = 1_000_000  #: steps of a phase that never ends

#: What a row says, beside pages in free blocks by order ("free 0" to "free 10").
FIGURES = {
    "pool": "frames of zswap's pool",
    "stored": "pages that zswap holds",
    "density": "pages held by a frame of the pool",
    "from zswap": "faults served by zswap",
    "from swap": "faults served by the swap device",
    "fragmentation": "fragmentation index of the order asked for",
    "huge": f"blocks of order {HUGE_ORDER} to be had",
    "moved": "pages moved",
    "met": "blocks asked for and got",
    "programs": "programs running",
}
FREE = [f"free {order}" for order in range(layout.MAX_ORDER)]
COLUMNS = ("step", *FREE, *FIGURES)


@dataclass(frozen=True)
class Pressure:
    """How hard a machine is pressed. Percentages are of its memory.

    frames: size of memory, in page frames. working_set: what programs use, percent. content: how
    well their pages compress, one of CONTENTS. max_pool_percent: what zswap may take. compressor:
    zswap's. movable: whether zbud pages can be moved. unmovable: pages of the kernel's own,
    percent. cma: the CMA area, percent, in whole largest blocks. exits: percent of the programs
    that end in a step, others start (with more than FULL_SPEED frames fewer, as a step is
    shorter there). order: of the block that is asked for in each step. seed: of
    all chance. ConfigError for what cannot be.
    """

    frames: int = 16384
    working_set: int = 120
    content: str = "as usual"
    max_pool_percent: int = 20
    compressor: str = "lz4"
    movable: bool = True
    unmovable: int = 1
    cma: int = 0
    exits: int = 5
    order: int = HUGE_ORDER
    seed: int = 0

    def __post_init__(self) -> None:
        for name, (low, high) in BOUNDS.items():
            fault = fault_of(name, getattr(self, name), low, high)
            if fault:
                raise ConfigError(fault)
        for name, choices in (("content", tuple(CONTENTS)), ("compressor", tuple(available()))):
            if getattr(self, name) not in choices:
                raise ConfigError(
                    f"{name} must be one of {', '.join(choices)}, not {getattr(self, name)!r}"
                )
        if not isinstance(self.movable, bool):
            raise ConfigError(f"movable must be True or False, not {self.movable!r}")

    @classmethod
    def of(cls, **settings: Any) -> "Pressure":
        """A pressure from settings by name; ConfigError for names that it does not have."""
        known = [field.name for field in fields(cls)]
        if unknown := set(settings) - set(known):
            raise ConfigError(
                f"no setting {', '.join(sorted(unknown))}: there are {', '.join(known)}"
            )
        return cls(**settings)

    @property
    def programs(self) -> int:
        """How many programs make up the working set."""
        return ceil(self.working_set / PROGRAM)

    @property
    def cma_pages(self) -> int:
        """Size of the CMA area, in whole largest blocks."""
        blocks = self.frames // layout.MAX_ORDER_NR_PAGES
        if self.frames % layout.MAX_ORDER_NR_PAGES:
            return 0
        return round(blocks * self.cma / 100) * layout.MAX_ORDER_NR_PAGES

    def machine(self) -> Machine:
        """A machine of this kind, just booted."""
        return Machine(
            frames=self.frames,
            page_bytes=False,
            cma_pages=self.cma_pages,
            zbud_movable=self.movable,
            compressor=self.compressor,
            max_pool_percent=self.max_pool_percent,
            seed=self.seed,
            log=False,
        )

    def workload(self) -> Workload:
        """A kind of program for each content; requests for the CMA area, if there is one."""
        kinds = tuple(
            Process(name, (Region(f"{PROGRAM} %", content, "zipf", "4 %", skew=0.8),), "15 %")
            for name, content in CONTENTS.items()
        )
        cma = (CmaRequest("25 %", every=8, keep=4),) if self.cma_pages else ()
        return Workload("pressure", kinds, (Phase("pressure", WHOLE_LIFE, cma=cma),))


#: Least and most of each setting that is a number.
BOUNDS = {
    "frames": (1024, MAX_FRAMES),
    "working_set": (0, 300),
    "max_pool_percent": (0, 100),
    "unmovable": (0, 50),
    "cma": (0, 50),
    "exits": (0, 100),
    "order": (0, layout.MAX_ORDER - 1),
    "seed": (0, (1 << 63) - 1),
}
#: What a machine is born with: changing one of these takes a new machine.
BOOT = ("frames", "compressor", "cma", "seed")


class UnderPressure:
    """A machine and what presses on it; `change` how hard at any time, `step`, and read `row`."""

    def __init__(self, pressure: Pressure) -> None:
        self.pressure = pressure
        self.machine = pressure.machine()
        self.run: Run = pressure.workload().run(self.machine, repeat=True)
        self.run.intensity = min(FULL_SPEED / pressure.frames, 1.0)
        self.rng = np.random.Generator(np.random.PCG64([pressure.seed, 1]))
        self.kernel: list[int] = []  # frames that the kernel has taken
        self.steps = 0
        self.met = 0
        self._before = self._counts()
        self.look()

    def change(self, pressure: Pressure) -> bool:
        """Press like this from now on: False if that takes another machine."""
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
        """Go on by one step: the row of figures after it."""
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
        """The row of figures, read anew: counts are those since the last step began."""
        self.row = self._look()
        return self.row

    # --- what presses --------------------------------------------------------------------------

    def _end_some(self) -> None:
        """End programs by chance; others start in their place."""
        percent = self.pressure.exits * self.run.intensity
        for live in list(self.run.processes):
            if self.rng.integers(100) < percent:
                self.run.end(live)

    def _keep_programs(self) -> None:
        """Have as many programs as make up the working set; chance decides who goes."""
        while (there := len(self.run.processes)) > self.pressure.programs:
            self.run.end(self.run.processes[int(self.rng.integers(there))])
        missing = self.pressure.programs - len(self.run.processes)
        for _ in range(min(missing, BIRTHS)):
            self.run.start(self.pressure.content)

    def _take_for_kernel(self) -> None:
        """Give some of the kernel's pages back and take others, until it has its share."""
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
        """Ask for a block, compacting and reclaiming if it takes that, and give it back."""
        with self._no_memory():
            self.machine.free_pages(self.machine.alloc_pages(self.pressure.order, "movable"))
            self.met = 1

    @staticmethod
    @contextlib.contextmanager
    def _no_memory() -> Any:
        """That there is no memory is an answer here."""
        try:
            yield
        except MachineError as error:
            if error.errno != errno.ENOMEM:
                raise

    # --- figures -------------------------------------------------------------------------------

    def _counts(self) -> np.ndarray:
        """What only grows: faults, reads from the swap device, pages moved."""
        events = self.machine.paging.events
        reads = self.machine.swap.counters()["device_reads"]
        return np.array([events["pgmajfault"], reads, events["pgmigrate_success"]])

    def _look(self) -> dict[str, float]:
        state = self.machine.state
        faults, reads, moved = (self._counts() - self._before).tolist()
        pool = int(state.pools["pages_nr"][SWAP_TYPE])
        stored = self.machine.swap.counters()["stored_pages"]
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
    """The same pressure on a machine whose zbud pages cannot move, and one where they can."""
    kinds = {"zbud cannot move": False, "zbud can move": True}
    return {
        name: UnderPressure(replace(pressure, movable=movable)) for name, movable in kinds.items()
    }
