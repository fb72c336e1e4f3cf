"""WebAssembly next to native code and C: the same loops, compiled once more and run by wasmtime.

Here "ours" is the module, which may take 1.3 times as long as native code.
"""

import ctypes
import mmap
from functools import partial
from typing import Any

from benchmarks import drivers
from benchmarks.item import KERNEL, Call, Case, Setup, Step, item
from benchmarks.items.buddy import FRAMES, NODES, Blocks, held
from benchmarks.items.compaction import ScatteredZone
from benchmarks.items.zbud import Objects, c_loop
from benchmarks.machines import frames_for, machine, nodes_for
from benchmarks.reference import Reference
from zbudlab import layout
from zbudlab.wasm import builder
from zbudlab.wasm.hosted import Home

NATIVE = "native"
MUST, AIM = 1 / 1.3, 1.0
ROOM = 1 << 30
LIVE = 10**4  #: zbud objects
ORDER = 16  #: of the zone that is compacted: 2^16 frames


def home() -> Home:
    """Return the module with memory in large pages if the system has them, as NumPy asks for."""
    made = Home(builder.build("benchmarks.wasm_entries"), ROOM)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        room = ctypes.c_void_p(made.base), ctypes.c_size_t(ROOM)
        ctypes.CDLL(None).madvise(*room, mmap.MADV_HUGEPAGE)
    return made


class Elsewhere:
    """A machine in the memory of a module, and the loops on it."""

    def __init__(self, **shape: Any) -> None:
        self.home = home()
        with self.home.running():
            self.state = machine(page_bytes=False, **shape)

    def loop(self, name: str) -> Call:
        """Return a loop as a function of what follows `mem`."""
        return partial(self.home.call, f"drivers.{name}", self.state.mem)

    def prepared(self, name: str, *arguments: Any) -> Call:
        """Return a loop with its arguments in place, as a call may last 200 microseconds."""
        return self.home.prepared(f"drivers.{name}", self.state.mem, *arguments)


@item("wasm-zbud")
def zbud(setup: Setup) -> Case:
    """Free a random zbud object and store another; both count as one."""
    shape = {"frames": frames_for(LIVE), "nodes": nodes_for(LIVE)}
    plain = {"variant": layout.ZBUD_PLAIN}
    state, there = machine(page_bytes=False, **plain, **shape), Elsewhere(**plain, **shape)
    objects = Objects(LIVE, 5 * 10**4)
    objects.slots, objects.sizes = map(there.home.place, (objects.slots, objects.sizes))
    loop = there.loop("churn")
    handles = there.home.place(objects.filled(lambda *arrays: loop(*arrays)))
    step = Step(
        f"zbud churn in WebAssembly, {LIVE:,} live, metadata-only",
        2 * len(objects.slots),
        there.prepared("churn", handles, objects.slots, objects.sizes),
        must={NATIVE: MUST},
        aim={NATIVE: AIM},
    )
    step.theirs[NATIVE] = objects.churn(lambda *arrays: drivers.churn(state.mem, *arrays))
    if setup.with_c:
        step.theirs[KERNEL] = objects.churn(c_loop(Reference(**shape), "churn_plain"))
    return Case(objects.prepare, [step], 2 if setup.short else 10)


@item("wasm-buddy")
def buddy(setup: Setup) -> Case:
    """Free a random block and allocate one of random order and type; both count as one."""
    blocks = Blocks(10**4 if setup.short else 5 * 10**4)
    shape = {"frames": FRAMES, "variant": layout.ZBUD_PLAIN, "nodes": NODES}
    state, there = machine(page_bytes=False, **shape), Elsewhere(**shape)
    ours = [there.home.place(each) for each in held()]
    blocks.slots, blocks.orders, blocks.types = map(there.home.place, blocks.drawn)
    blocks.drawn = blocks.slots, blocks.orders, blocks.types
    step = Step(
        "buddy churn in WebAssembly, 2^18 frames",
        2 * len(blocks.slots),
        there.prepared("buddy_churn", *ours, *blocks.drawn),
        theirs={NATIVE: partial(drivers.buddy_churn, state.mem, *held(), *blocks.drawn)},
        must={NATIVE: MUST},
        aim={NATIVE: AIM},
    )
    if setup.with_c:
        c = Reference(FRAMES, in_page=False)
        step.theirs[KERNEL] = partial(c.buddy_churn, *held(), *blocks.drawn, len(blocks.slots))
    return Case(blocks.prepare, [step], passes=2 if setup.short else 5)


@item("wasm-compaction")
def compaction(setup: Setup) -> Case:
    """Compact the whole zone repeatedly; an operation is one of its frames."""
    zone = ScatteredZone(14 if setup.short else ORDER, page_bytes=False)
    shape = {"frames": zone.frames, "variant": layout.ZBUD_SERIES, "nodes": zone.nodes}
    there = Elsewhere(**shape)
    handles, moves, control = map(
        there.home.place, (zone.handles(), zone.moves.copy(), zone.control.copy())
    )
    scatter = there.loop("scatter")
    zone.scatters.append(lambda: scatter(handles, zone.order, zone.pages))
    step = Step(
        f"compaction in WebAssembly, {zone.frames:,} frames, metadata-only",
        zone.frames,
        there.prepared("compact", moves, control),
        theirs={NATIVE: zone.ours()},
        must={NATIVE: MUST},
        aim={NATIVE: AIM},
    )
    if setup.with_c:
        c = Reference(zone.frames, in_page=False, nodes=zone.nodes)
        step.theirs[KERNEL] = zone.theirs(c)
    return Case(zone.prepare, [step])
