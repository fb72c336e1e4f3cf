"""Every compiled function runs as plain Python too, with the same result: one test a function.

Small machines and the script of jit_script.py go through random operations with every kernel
uncompiled. Calls are recorded on the way, from outside and from other kernels alike: what went
in, what was answered, what the memory behind the arguments was afterwards. Then the compiled form
gets the same and must leave the same. A kernel that nothing leads to fails its test: lead to it.
"""

import contextlib
import gzip
import hashlib
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

import lz4.block
import numpy as np
import pytest

from tests import rounds
from tests.conformance import traces
from tests.conformance.traces import GOLDEN
from tests.jit_script import Script
from zbudlab import jit, layout
from zbudlab.conformance import answers
from zbudlab.conformance.zswap7 import Zswap7Harness
from zbudlab.jit import replacing
from zbudlab.machine import SWAP_TYPE, Machine, MachineConfig, MachineError
from zbudlab.mm import compaction, inspection, migrate, page, vmstat, zpool
from zbudlab.mm.mem import Memory

RECORDED = {1, 2, 5, 20, 100, 500, 2000}  #: which calls of a kernel, counted in each script

SMALL = MachineConfig(frames=128, pageblock_order=4, threads=1, log=False, max_pool_percent=30)
#: Machines, and how many random operations each goes through.
MACHINES = (
    (replace(SMALL, compressor="moody", seed=rounds.FAULTY), 90),
    (replace(SMALL, profile="6.1", max_pool_percent=8), 150),
    (replace(SMALL, zswap=False), 60),
    (replace(SMALL, page_bytes=False, max_pool_percent=5), 100),
    (replace(SMALL, page_bytes=False, zbud="plain", checked=True), 30),
    (replace(SMALL, frames=2048, cma_pages=1024, page_bytes=False), 90),
    (replace(SMALL, profile="6.1", zpool="zsmalloc"), 60),
    (replace(SMALL, profile="6.1", zpool="zsmalloc", page_bytes=False, max_pool_percent=8), 60),
    (replace(SMALL, profile="6.1", zpool="z3fold", max_pool_percent=12), 90),
    (replace(SMALL, profile="6.1", zpool="z3fold", page_bytes=False, max_pool_percent=8), 90),
    (replace(SMALL, profile="7.3", max_pool_percent=12), 60),
    (replace(SMALL, profile="7.2", page_bytes=False, max_pool_percent=12), 60),
)
#: Traces that together lead to every kernel of zsmalloc, and of today's zswap.
ZSMALLOC = (
    ("zsmalloc-6.1", "h18_compact_many_destinations"),
    ("zsmalloc-6.1", "h22_migrate_middle_page"),
    ("zsmalloc-6.1", "h28_empty_zspage_is_used_again"),
    ("zsmalloc-7", "h16_compact_nothing_to_gain"),
)
ZSWAP = (
    "a03_incompressible_without_writeback",
    "a09_failed_store_drops_old_copy",
    "a14_shrinker_count",
    "a19_pool_pages_and_compaction",
    "a21_work_gives_up",
)
LATE_PAGES = 136  #: of a process that comes last and is larger than the small machines


# --- arguments and the memory behind them --------------------------------------------------------


def memory(argument: np.ndarray | np.void) -> np.ndarray:
    """All the memory that an array is part of, or the bytes of a record, uint8 (n,)."""
    if isinstance(argument, np.void):
        return np.frombuffer(argument, np.uint8)
    while isinstance(argument.base, np.ndarray):
        argument = argument.base
    return np.ascontiguousarray(argument).view(np.ndarray).reshape(-1).view(np.uint8)


def address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


def spread(arguments: tuple) -> list:
    """The arguments, with the arrays of `mem` in its place."""
    arrays = arguments[0] if arguments and isinstance(arguments[0], Memory) else arguments[:1]
    return [*arrays, *arguments[1:]]


def behind(arguments: tuple) -> dict[int, np.ndarray]:
    """The memory of all arguments by its address; a record in an array given too is part of it."""
    found: dict[int, np.ndarray] = {}
    arguments = spread(arguments)
    for argument in sorted(arguments, key=lambda each: isinstance(each, np.void)):
        if isinstance(argument, np.ndarray | np.void):
            room = memory(argument)
            if not any(at <= address(room) < at + len(all_) for at, all_ in found.items()):
                found[address(room)] = room
    return found


@dataclass
class Form:
    """How to make an argument again: a number as it is, or a view of some memory."""

    value: Any
    room: int = 0
    offset: int = 0
    strides: tuple[int, ...] = ()

    @classmethod
    def of(cls, argument: Any, rooms: dict[int, np.ndarray]) -> "Form":
        if not isinstance(argument, np.ndarray | np.void):
            return cls(argument.item() if isinstance(argument, np.generic) else argument)
        record = isinstance(argument, np.void)
        at = address(np.frombuffer(argument, np.uint8) if record else argument)
        room = next(start for start, all_ in rooms.items() if start <= at < start + len(all_) + 1)
        kept = np.zeros(argument.shape, plain_dtype(argument.dtype))[:0] if not record else None
        shape = () if record else argument.shape
        value = (shape, plain_dtype(argument.dtype) if kept is None else kept.dtype, record)
        return cls(value, room, at - room, () if record else argument.strides)

    def made(self, rooms: dict[int, np.ndarray]) -> Any:
        if not self.room:
            return self.value
        shape, dtype, record = self.value
        view = np.ndarray(shape, dtype, rooms[self.room], self.offset, self.strides or None)
        return view[()] if record else view


def plain_dtype(dtype: np.dtype) -> np.dtype:
    """The same fields without numpy's record class."""
    return np.dtype((np.void, dtype)) if dtype.type is np.record else dtype


def answer_of(value: Any) -> Any:
    """An answer as plain Python has it."""
    if isinstance(value, tuple):
        return tuple(map(answer_of, value))
    return value.item() if isinstance(value, np.generic) else value


# --- recording -----------------------------------------------------------------------------------


@dataclass
class Call:
    """A recorded call: its arguments, the memory before, its answer, hashes of the memory after."""

    forms: list[Form]
    on_memory: bool
    before: dict[int, bytes]
    answer: Any
    after: dict[int, bytes]

    @classmethod
    def watched(cls, function: Any, arguments: tuple) -> tuple["Call", Any]:
        rooms = behind(arguments)
        before = {at: lz4.block.compress(room) for at, room in rooms.items()}
        forms = [Form.of(argument, rooms) for argument in spread(arguments)]
        on_memory = len(forms) != len(arguments)
        answer = function(*arguments)
        after = {at: hashlib.sha256(room.data).digest() for at, room in rooms.items()}
        return cls(forms, on_memory, before, answer_of(answer), after), answer

    def compiled(self, function: Any) -> tuple[Any, dict[int, bytes]]:
        """What the compiled form answers, and hashes of the memory that it leaves."""
        rooms = {
            at: np.frombuffer(bytearray(lz4.block.decompress(each)), np.uint8)
            for at, each in self.before.items()
        }
        made = [form.made(rooms) for form in self.forms]
        if self.on_memory:
            arrays = len(Memory._fields)
            made[:arrays] = [Memory(*made[:arrays])]
        answer = function(*made)
        return answer_of(answer), {
            at: hashlib.sha256(room.data).digest() for at, room in rooms.items()
        }


class Recorder:
    """Stands where jit makes plain forms, and keeps some of the calls of each."""

    def __init__(self) -> None:
        self.calls: dict[str, list[Call]] = defaultdict(list)
        self.counts: dict[str, int] = defaultdict(int)
        self.names = {id(compiled): name for name, compiled in jit.KERNELS.items()}

    def plainly(self, function: Any, compiled: Any) -> Any:
        plain, name = PLAINLY(function, compiled), self.names[id(compiled)]

        def call(*arguments: Any) -> Any:
            self.counts[name] += 1
            if self.counts[name] not in RECORDED:
                return plain(*arguments)
            recorded, answer = Call.watched(plain, arguments)
            self.calls[name].append(recorded)
            return answer

        return call

    def play(self, script: Any) -> None:
        self.counts.clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(replacing, "plainly", self.plainly)
            with jit.uncompiled(jit.KERNELS):
                script()


PLAINLY = replacing.plainly


def machine_script(number: int) -> None:
    """Random operations on one of the machines, and what nothing else asks for."""
    config, operations = MACHINES[number]
    pair, _, _ = rounds.play(config, rounds.script(12, number, operations), 10**9)
    machine = pair.machine
    late = machine.create_process(LATE_PAGES)
    machine.inject("swap_write", 5)
    for _ in range(2):
        with contextlib.suppress(MachineError):
            machine.touch(late, range(LATE_PAGES))
        machine.inject("swap_write", 0)
    machine.check()  # 6.1 keeps the slots of pages that were read
    if config.page_bytes:
        machine.peek_pages(late, range(LATE_PAGES))
    machine.exit(late)
    for order in (1, 2, 3, 4, 5, -1):
        machine.compact(order)
    compaction.reset_isolation_suitable(machine.state.mem)
    vmstat.extfrag(machine.state)
    inspection.frame_cells(machine.state)
    machine.swap.use_slot(int(np.flatnonzero(machine.state.swap_slots["swap_map"] == 0)[0]))
    machine.swap.swapoff(SWAP_TYPE)


def laid_out_script() -> None:
    """A machine with the free lists of another one."""
    machine = Machine(frames=1024, page_bytes=False, log=False)
    for order in (0, 3, 5):
        machine.alloc_pages(order)
    state = machine.state
    counts = [n for row in vmstat.free_counts(state) for n in row]
    counts += vmstat.pageblock_counts(state)
    other = Machine(frames=1024, page_bytes=False, log=False)
    assert other.operate("lay_out", 1, *counts) == 0
    assert vmstat.free_counts(other.state) == vmstat.free_counts(state)


def emptied_script() -> None:
    """A pool that shrinks until it has no page left."""
    machine = Machine(replace(SMALL, page_bytes=False))
    machine.write(machine.create_process(150), 0, np.full(150, 1000))
    assert machine.swap.counters()["pool_pages"] > 1
    while machine.swap.reclaim(SWAP_TYPE, 1) == 0:
        pass
    assert machine.swap.counters()["pool_pages"] == 0
    assert machine.swap.reclaim(SWAP_TYPE, 8) == -layout.EINVAL
    assert zpool.zpool_next_frame(machine.state.mem, 0, 5) == -1
    first = machine.state.pages[0]
    assert migrate.freed_while_isolated(first) == (first["refcount"] == 1)


def zsmalloc_script() -> None:
    """Traces of zsmalloc: deferred frees, readers, compaction, isolation, moves."""
    for kind, name in ZSMALLOC:
        assert list(answers(kind, GOLDEN / kind / f"{name}.trace.gz"))


def zswap7_script() -> None:
    """Traces of today's zswap, each on a whole machine."""
    for name in ZSWAP:
        packed = (GOLDEN / "zswap-7" / f"{name}.trace.gz").read_bytes()
        harness = Zswap7Harness("7.3", 3000)
        for operation in traces.trace(*gzip.decompress(packed).decode().splitlines()):
            harness.run(operation)
        assert inspection.first_fault(harness.state) is None


def z3fold_script() -> None:
    """The short traces of z3fold: compaction, foreign objects, mappings, reclaim, isolation."""
    for trace in sorted((GOLDEN / "z3fold-6.1").glob("c*.trace.gz")):
        assert list(answers("z3fold-6.1", trace))


def cma_script() -> None:
    """Requests of a CMA area: met, past a pinned page, refused, and given back."""
    machine = Machine(frames=2048, cma_pages=1024, page_bytes=False, log=False)
    process = machine.create_process(1500)
    machine.touch(process, range(1500))
    pinned = next(pfn for pfn in range(1024, 2048) if page.page_lru(machine.state.pages[pfn]))
    machine.pin(pinned)
    starts = []
    with contextlib.suppress(MachineError):
        while True:
            starts.append(machine.cma_alloc(64, align=6))
    assert starts
    machine.cma_release(starts[0], 64)


@pytest.fixture(scope="module")
def calls():
    recorder = Recorder()
    recorder.play(lambda: Script().play(40))
    recorder.play(laid_out_script)
    recorder.play(emptied_script)
    recorder.play(zsmalloc_script)
    recorder.play(zswap7_script)
    recorder.play(z3fold_script)
    recorder.play(cma_script)
    for number in range(len(MACHINES)):
        recorder.play(lambda number=number: machine_script(number))
    return recorder.calls


#: The engine's kernels; those of `batch` and `traces` have separate tests.
ENGINE = [
    name
    for name, compiled in jit.KERNELS.items()
    if compiled.py_func.__module__.startswith(("zbudlab.mm.", "zbudlab.machine.freelists"))
]


@pytest.mark.parametrize("name", ENGINE)
def test_compiled_and_plain_do_the_same(name, calls):
    assert calls[name], f"nothing in these scripts leads to {name}"
    for number, call in enumerate(calls[name]):
        answer, after = call.compiled(jit.KERNELS[name])
        assert answer == call.answer, f"call {number}"
        assert after == call.after, f"call {number} leaves other bytes"


def test_another_answer_and_other_bytes_would_be_noticed(calls):
    call = calls["page.get_page"][0]
    answer, after = call.compiled(jit.KERNELS["page.put_page_testzero"])
    assert answer != call.answer
    assert after != call.after
