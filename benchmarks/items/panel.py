"""A step of a panel in WebAssembly next to native code: what programs under pressure do to memory.

Both sides get the same operations in one call of the driver. See `benchmarks.items.wasm`.
"""

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.item import Call, Case, Setup, Step, item
from benchmarks.items.wasm import AIM, MUST, NATIVE, home
from benchmarks.machines import SEED
from zbudlab import layout
from zbudlab.driver.log import operations_run
from zbudlab.driver.work import Operations, new_work
from zbudlab.machine import Machine
from zbudlab.wasm.hosted import Home

FRAMES = 16384
PROGRAMS, PAGES = 24, FRAMES // 20  #: together 120 % of memory
USED = PAGES // 25  #: pages that a program uses in a step
RENEWED, GROWN = 2, PAGES * 3 // 20  #: programs that write, and how many pages
STEPS = 40  #: in a call of the driver


class Steps:
    """Operations of some steps, drawn again for each round. All sides read the same arrays."""

    def __init__(self, there: Home) -> None:
        self.draw = np.random.default_rng(SEED)
        writes = np.arange(STEPS * (PROGRAMS + RENEWED)) % (PROGRAMS + RENEWED) < RENEWED
        counts = 2 + np.where(writes, GROWN, USED)
        self.starts = np.cumsum(counts) - counts
        self.writes, self.touches = self.starts[writes], self.starts[~writes]
        arrays = Operations(
            codes=np.where(writes, layout.RUN_WRITE_LENGTHS, layout.RUN_TOUCH),
            starts=self.starts,
            counts=counts,
            answers=counts - 2,
            arguments=np.zeros(counts.sum(), np.int64),
            places=np.zeros(GROWN, np.int64),
            lengths=np.zeros(GROWN, np.int32),
            content=np.zeros((0, 0), np.uint8),
        )
        self.log = Operations(*map(there.place, arrays))

    def prepare(self) -> None:
        """Draw the next steps: every program uses some pages, often the same ones; some write."""
        given, draw = self.log.arguments, self.draw
        given[self.touches] = np.arange(len(self.touches)) % PROGRAMS
        given[self.touches + 1] = draw.integers(0, 2, len(self.touches))
        used = draw.random((len(self.touches), USED)) ** 3 * PAGES
        given[self.touches[:, None] + 2 + np.arange(USED)] = used.astype(np.int64)
        given[self.writes] = draw.integers(0, PROGRAMS, len(self.writes))
        given[self.writes + 1] = draw.integers(0, PAGES - GROWN, len(self.writes))
        lengths = draw.integers(300, layout.PAGE_SIZE, (len(self.writes), GROWN))
        given[self.writes[:, None] + 2 + np.arange(GROWN)] = lengths


class Pressed:
    """A machine full of programs' pages, and the driver on it.

    prepare: returns `operations_run` for its arguments, natively or in a module. inside: a context
    in which the machine's kernels run there. place: puts an array there.
    """

    def __init__(
        self,
        prepare: Callable[..., Call],
        inside: Callable[[], Any] = contextlib.nullcontext,
        place: Callable[[np.ndarray], np.ndarray] = np.asarray,
    ) -> None:
        self.prepare, self.inside = prepare, inside
        self.ready: tuple[Any, Call] | None = None
        with inside():
            self.machine = Machine(frames=FRAMES, page_bytes=False, log=False)
            for _ in range(PROGRAMS):
                self.machine.write(self.machine.create_process(PAGES), 0, np.full(PAGES, 2000))
        notes = np.zeros(PROGRAMS * PAGES, np.uint8)
        lengths = self.machine.state.lengths.copy()
        fields = {"arrivals": notes, "refusals": notes.copy(), "page_lengths": lengths}
        work = new_work()._replace(**fields)
        self.work = work._make(map(place, work))

    def operations_run(self, log: Operations) -> int | None:
        """Run operations; what one call needs is prepared again when tables have grown."""
        mem = self.machine.state.mem
        if self.ready is None or self.ready[0] is not mem:
            self.ready = mem, self.prepare(mem, self.work, log, len(log.codes))
        return self.ready[1]()

    def run(self, log: Operations) -> int:
        """Run all operations; return a sum of what depends on them."""
        state, now = self.machine.state, self.work.now[0]
        self.work.now.view(np.int64)[:] = 0
        while stop := self.operations_run(log):
            if stop != layout.STOP_ROOM:
                raise SystemExit(f"a panel step stopped for reason {stop}")
            with self.inside():
                state.reserve_entries(int(now["unmapped"]))
                state.reserve_objects(int(now["unmapped"]))
            now["reserved"] = 1
        counts = now["pgmajfault"], state.zone["nr_free_pages"], state.zswaps[0]["stored_pages"]
        return sum(map(int, counts))


@item("wasm-panel")
def panel(setup: Setup) -> Case:
    """Run steps of a panel: programs use their pages, with reclaim, zswap and swap-in."""
    there = home()
    steps = Steps(there)
    ours = Pressed(partial(there.prepared, "log.operations_run"), there.running, there.place)
    native = Pressed(partial(partial, operations_run))
    step = Step(
        f"a panel step in WebAssembly, {FRAMES:,} frames",
        STEPS,
        lambda: ours.run(steps.log),
        theirs={NATIVE: lambda: native.run(steps.log)},
        must={NATIVE: MUST},
        aim={NATIVE: AIM},
    )
    return Case(steps.prepare, [step], passes=1 if setup.short else 3)
