"""Probe for races: every schedule of a few actors, with the functions in place.

A case: sizes (bytes of the objects, stored one after another, handles from 1), words (the content
of each), actors ([[kind, handle], ...], see ACTORS), merge (steps counted as one, see
`races.cast.MERGES`), functions (those under test). The search is plain Python, as the grading
sandbox has no compiler; the steps and what must hold are those of `zbudlab.races`.

The search runs where no student's code is (`grader_side.Explored`): a process that ran the steps
could hide a schedule. Where a step calls a function under test, it waits. The student's process
gets the memory and the arguments, calls the function, and returns the memory and the result.
"""

import base64
import contextlib
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from zbudlab import jit, layout
from zbudlab.course.probes import Bench, plain
from zbudlab.layout import BLOCKED, BUDDIED, BUDDY, LRU, LRU_LIST, NCHUNKS, ZBUD_SERIES
from zbudlab.mm import page_alloc, zbud, zbud_header, zbud_migrate, zbud_zpool
from zbudlab.mm.bootmem import free_all_bootmem
from zbudlab.mm.inspection import list_members
from zbudlab.mm.state import State
from zbudlab.races import actors as steps
from zbudlab.races import oracles
from zbudlab.races.cast import MERGES
from zbudlab.races.names import FAULTS

MEMORY_BYTES = 1 << 20  #: more than a case has
FRAMES = 8  #: the page, a target for each compaction, and some that stay free
ACTORS = {
    "user": layout.ACTOR_USER,
    "free": layout.ACTOR_FREE,
    "compaction": layout.ACTOR_COMPACT,
}
#: What the functions under test decide; the rules of a machine where they are the package's.
RULES = ("keep_page_until_unmap", "isolate_under_lock", "refuse_emptied_page", "mark_isolated")
#: Where the package has the functions under test.
HOMES: dict[str, Any] = {
    **dict.fromkeys(("drop_while_mapped", "free_after_unmap"), zbud),
    **dict.fromkeys(("zbud_isolate_page", "zbud_putback_page"), zbud),
    "must_stay": zbud_migrate,
}
ROW = "row"  #: of an argument that is a header: its number among the headers
#: What a step raises if a function under test has left memory that makes no sense.
SENSELESS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
Moment = tuple[bytes, ...]
Call = tuple[str, tuple[Any, ...], bytes]  #: a function, its arguments, and memory before


class World:
    """A small pool and its actors. A moment of it is kept as bytes."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.state = State(FRAMES, page_bytes=False)
        free_all_bootmem(self.state.mem, FRAMES, [])
        self.state.create_pool(0, ZBUD_SERIES)
        for rule in RULES:
            self.state.zswaps[rule] = 1
        page_alloc.alloc_pages(self.state.mem, 0, layout.MIGRATE_MOVABLE)  # frame 0
        self.handles = [self._store(size, word) for size, word in _objects(case)]
        first = int(zbud_header.handle_pfn(self.state.pools[0], self.state.nodes, 1))
        self.actors = _records(case, first)
        steps.prepare(self.actors)
        self.slots = np.zeros(1, layout.race_slot)
        self.mem = self.state.mem
        pool = self.state.pages, self.state.rows, self.state.nodes, self.state.pools
        self.memory_arrays = (*pool, self.state.zones, self.state.blocks)
        self.arrays = (*self.memory_arrays, self.actors)
        self._pool_arrays = len(pool)
        self._pool_faults: dict[Moment, int] = {}
        self._scrubbed: set[bytes] = set()

    def _store(self, size: int, word: int) -> int:
        """Store an object with a word of content. Return its handle."""
        handle = int(zbud.zbud_alloc(self.state.mem, 0, size, layout.MIGRATE_MOVABLE))
        address = int(zbud_zpool.zbud_object_address(self.state.mem, 0, handle))
        zbud_zpool.zbud_write_word(self.state.mem, 0, address, word)
        return handle

    def moment(self) -> Moment:
        """Return everything as it is now."""
        return tuple(array.tobytes() for array in self.arrays)

    def restore(self, moment: Moment) -> None:
        """Restore everything to a moment."""
        for array, data in zip(self.arrays, moment, strict=True):
            array.view(np.uint8).reshape(-1)[:] = np.frombuffer(data, np.uint8)

    def memory(self) -> bytes:
        """Return everything except the actors."""
        return b"".join(array.tobytes() for array in self.memory_arrays)

    def load(self, memory: bytes) -> None:
        """Make memory what `memory` returned. ValueError for another number of bytes."""
        if len(memory) != sum(array.nbytes for array in self.memory_arrays):
            raise ValueError(f"memory has other than {len(memory)} bytes")
        start = 0
        for array in self.memory_arrays:
            data = np.frombuffer(memory, np.uint8, array.nbytes, start)
            array.view(np.uint8).reshape(-1)[:] = data
            start += array.nbytes

    def step(self, who: int) -> int:
        """Run the next step of an actor. Return 0, BLOCKED or a fault."""
        answer = int(steps.perform(self.mem, self.actors, self.slots, who))
        if answer == 0:
            self._scrub()
        return answer

    def _scrub(self) -> None:
        """Do what `oracles.scrub` does, but skip free frames that it scrubbed before.

        zswap has nothing here.
        """
        pages, rows = self.state.pages, self.state.rows
        for pfn in range(FRAMES):
            if pages[pfn]["refcount"]:
                oracles.scrub_page(self.mem, self.actors, pfn)
            elif pages[pfn].tobytes() + rows[pfn].tobytes() not in self._scrubbed:
                oracles.scrub_page(self.mem, self.actors, pfn)
                self._scrubbed.add(pages[pfn].tobytes() + rows[pfn].tobytes())

    def fault(self, moment: Moment) -> int:
        """Return the fault in `moment`, the present one; 0 = none."""
        held = int(oracles.held_address_fault(self.mem, self.actors))
        if held:
            return held
        pool = moment[: self._pool_arrays]
        if pool not in self._pool_faults:
            self._pool_faults[pool] = int(oracles.pool_fault(self.mem))
        return self._pool_faults[pool]

    def end(self) -> str:
        """Return the visible state of the pool: objects, references, lists."""
        pages, pool = self.state.pages, self.state.pools[0]
        found = []
        for handle in self.handles:
            address = int(zbud_zpool.zbud_object_address(self.mem, 0, handle))
            if address >= 0:
                word = int(zbud_zpool.zbud_read_word(self.mem, 0, address))
                found.append(f"object {handle} at {address} with {word}")
        for pfn in np.flatnonzero(pages["refcount"][:FRAMES]).tolist():
            count, flags = int(pages["refcount"][pfn]), int(pages["page_flags"][pfn])
            found.append(f"frame {pfn} with {count} references and flags {flags}")
        head = int(pool["list_heads"])
        lru = list_members(self.state.rows, LRU, head + LRU_LIST)
        found.append(f"lru {np.asarray(lru).tolist()}")
        for which in (BUDDIED, *range(1, NCHUNKS)):
            listed = np.asarray(list_members(self.state.rows, BUDDY, head + which)).tolist()
            found += [f"list {which} {listed}"] if listed else []
        return "; ".join(found)


def _objects(case: dict[str, Any]) -> list[tuple[int, int]]:
    return list(zip(case["sizes"], case["words"], strict=True))


def _records(case: dict[str, Any], pfn: int) -> np.ndarray:
    """Return the actors of a case, layout.actor (n,). pfn: the page that compactions want."""
    table = np.zeros(len(case["actors"]), layout.actor)
    lists = 0
    for record, (kind, handle) in zip(table, case["actors"], strict=True):
        record["kind"], record["handle"], record["passes"] = ACTORS[kind], handle, 1
        if kind == "user":
            record["word"] = case["words"][handle - 1]
        record["merge"] = sum(MERGES[name] for name in case["merge"])
        if kind == "compaction":
            record["pfn"], record["head"], lists = pfn, lists, lists + 1
    return table


class Waiting(Exception):
    """A step calls a function under test whose result is not known yet."""


class Exploration:
    """A search through every schedule of a case.

    trusted: whether the functions are right ones, which the steps call themselves.
    """

    def __init__(self, case: dict[str, Any], *, trusted: bool = False, world: Any = World) -> None:
        self.world = world(case)
        self.names = () if trusted else tuple(case["functions"])
        self.faults: set[int] = set()
        self.ends: set[str] = set()
        self.asked: list[Call] = []
        self._known: dict[Call, tuple[Any, bytes]] = {}
        self._seen: set[Moment] = set()
        self._todo: list[tuple[Moment, int]] = []
        self._reach(self.world.moment())

    def answer(self, results: list[Any]) -> None:
        """Take the results of the calls that were asked for, each [value, packed memory].

        ValueError if they are others.
        """
        for call, (value, memory) in zip(self.asked, results, strict=True):
            self._known[call] = value, unpacked(memory)
        self.asked = []

    def go_on(self) -> None:
        """Run all steps whose calls are known; `asked` gets the other calls."""
        asked: dict[Call, None] = {}
        waiting = []
        with self._intercepted():
            while self._todo:
                moment, who = self._todo.pop()
                self.world.restore(moment)
                try:
                    self._step(who)
                except Waiting as call:
                    asked[call.args[0]] = None
                    waiting.append((moment, who))
                except SENSELESS:
                    self.faults.add(layout.FAULT_POOL)
        self._todo, self.asked = waiting, list(asked)

    def found(self) -> dict[str, list[str]]:
        """Return the kinds of faults of all schedules, and the ends of those without."""
        faults = sorted(FAULTS[fault][0] for fault in self.faults)
        return {"faults": faults, "ends": sorted(self.ends)}

    def _step(self, who: int) -> None:
        answer = self.world.step(who)
        if answer == 0:
            moment = self.world.moment()
            if moment in self._seen:
                return
            answer = self.world.fault(moment)
            if answer == 0:
                self._reach(moment)
        if answer == BLOCKED:  # no actor here waits for a lock
            answer = layout.FAULT_DEADLOCK
        if answer:
            self.faults.add(answer)

    def _reach(self, moment: Moment) -> None:
        """Note the present moment as a new one, and the steps that follow it."""
        self._seen.add(moment)
        going = np.flatnonzero(self.world.actors["pc"] >= 0).tolist()
        self._todo += [(moment, who) for who in going]
        if going:
            return
        fault = int(oracles.end_fault(self.world.mem, np.ones(1, np.int64)))
        if fault:
            self.faults.add(fault)
        else:
            self.ends.add(self.world.end())

    def _intercepted(self) -> contextlib.AbstractContextManager[None]:
        """Let the steps stop where they call a function under test, within a block."""
        if not self.names:
            return contextlib.nullcontext()
        homes = {name: HOMES[name].__name__.rpartition(".")[2] for name in self.names}
        instead = {f"{homes[name]}.{name}": self._interceptor(name) for name in self.names}
        return jit.uncompiled(jit.KERNELS, instead)

    def _interceptor(self, name: str) -> Callable[..., Any]:
        def called(mem: Any, *arguments: Any) -> Any:
            given = tuple(self._plain(argument) for argument in arguments)
            call = name, given, self.world.memory()
            if call not in self._known:
                raise Waiting(call)
            value, memory = self._known[call]
            self.world.load(memory)
            return value

        return called

    def _plain(self, argument: Any) -> Any:
        """Return an argument as a number, or (ROW, number) for a header."""
        if not isinstance(argument, np.void):
            return int(argument)
        rows = self.world.state.rows
        start = argument.__array_interface__["data"][0] - rows.ctypes.data
        return ROW, start // rows.itemsize


def packed(memory: bytes) -> str:
    """Return memory as text."""
    return base64.b64encode(zlib.compress(memory, 1)).decode()


def unpacked(text: Any) -> bytes:
    """Return memory from text. ValueError for text that is not memory."""
    try:
        inflate = zlib.decompressobj()
        return inflate.decompress(base64.b64decode(text), MEMORY_BYTES)
    except (TypeError, zlib.error) as error:
        raise ValueError("no memory") from error


_searches: dict[str, Exploration] = {}  #: the one that runs where no student's code is


def look(bench: Bench, case: dict[str, Any]) -> Any:
    """Go on with a search. Return the calls that it waits for, or its result.

    case: case, results (of the calls that the last look returned; None = begin).
    """
    if case["results"] is None:
        _searches["now"] = Exploration(case["case"])
    else:
        _searches["now"].answer(case["results"])
    search = _searches["now"]
    search.go_on()
    if search.asked:
        return {"calls": [(n, given, packed(memory)) for n, given, memory in search.asked]}
    return search.found()


def explored(bench: Bench, case: dict[str, Any]) -> Any:
    """Call functions as the search asks. Return its result if they are trusted, else None."""
    reply = bench.ask(None)
    if "trusted" in reply:
        search = Exploration(case, trusted=True)
        search.go_on()
        return search.found()
    world = World(case)
    while "calls" in reply:
        with jit.uncompiled(jit.KERNELS, bench.instead()):
            results = [_called(world, *call) for call in reply["calls"]]
        reply = bench.ask(results)
    return None


def _called(world: World, name: str, arguments: list[Any], memory: str) -> list[Any]:
    """Call a function under test. Return its result, and memory after it."""
    world.load(unpacked(memory))
    rows = world.state.rows
    given = [rows[each[1]] if isinstance(each, list | tuple) else each for each in arguments]
    value = plain(getattr(HOMES[name], name)(world.mem, *given))
    return [value, packed(world.memory())]
