"""Probes for zsmalloc: operations on a small pool, and single calls on it.

Operations are "alloc SIZE", "free HANDLE", "read HANDLE", "end HANDLE" (of reading), "hold HANDLE"
(another holder takes a reference of its page), "lock HANDLE" (its page, as migration does),
"refuse COUNT" (page allocations), "starve SIZE" (allocate while no handle is free) and "compact".

A case: chain (of the pool's rules, default 8), frames (of memory, default FRAMES), and what the
probe's docstring names.
"""

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.conformance.frame_stack import stack_of_frames
from zbudlab.conformance.trace import Operation
from zbudlab.conformance.zsmalloc import ZsmallocHarness
from zbudlab.conformance.zspages import ZspagesView
from zbudlab.course.probes import Bench, TooSlow, plain, trouble
from zbudlab.layout import ENOENT, MIGRATE_MOVABLE, PG_LOCKED, ZPOOL_ZSMALLOC
from zbudlab.mm import (
    page_alloc,
    zpool,
    zsmalloc,
    zsmalloc_compact,
    zsmalloc_migrate,
)
from zbudlab.mm.inspection import arrays
from zbudlab.mm.page import page_zsmalloc
from zbudlab.mm.state import State
from zbudlab.profiles import zsmalloc_rules

VERSION = "7.3"
FRAMES = 48
POOL = 1  #: so that pool 0 is another, which has no classes
CHAIN = "zsmalloc_class.calculate_zspage_chain_size"
STALE = 9  #: what the fresh frame's last owner left in its struct page

#: Memories with an empty pool, and the bytes of their arrays as they were, by chain size and
#: frames: to make one takes long uncompiled. A memory is used for one case after the other.
_made: dict[tuple[int, int], tuple[State, dict[str, np.ndarray]]] = {}


def _created(chain: int, frames: int) -> State:
    """Return a memory with an empty pool."""
    state = stack_of_frames(frames, pools=2)
    state.create_pool(POOL, 0, ZPOOL_ZSMALLOC, zsmalloc_rules(VERSION, chain))
    return state


def _as_created(chain: int, frames: int) -> State:
    """Return a memory with an empty pool, perhaps one that was used before."""
    key = chain, frames
    if key not in _made:
        state = _created(chain, frames)
        _made[key] = state, {name: _bytes(array).copy() for name, array in arrays(state).items()}
    state, before = _made[key]
    for name, kept in before.items():
        own = getattr(state, name)
        if own.nbytes != len(kept):  # it has grown
            setattr(state, name, np.zeros(len(kept) // own.itemsize, own.dtype))
        _bytes(getattr(state, name))[:] = kept
    return state


def _bytes(array: np.ndarray) -> np.ndarray:
    """Return an array as bytes, with those that no field of its records has: frames are in them."""
    return array.view(np.uint8).reshape(-1)


class World:
    """A zsmalloc pool on a small memory. case: chain, frames."""

    def __init__(self, bench: Bench, case: dict[str, Any]) -> None:
        tried = CHAIN in bench.instead()  # a function of the student's lays out the zspages
        make = _created if tried else _as_created
        self.state = make(case.get("chain", 8), case.get("frames", FRAMES))
        self.view = ZspagesView(self.state, POOL)

    def run(self, operation: str) -> int:
        """Run an operation and return its answer."""
        name, *arguments = operation.split()
        return int(getattr(self, name)(*map(int, arguments)))

    # --- operations ----------------------------------------------------------------------------

    def alloc(self, size: int) -> int:
        self.state.reserve_objects(1)
        return zsmalloc.zs_malloc(self.state.mem, POOL, size, MIGRATE_MOVABLE)

    def free(self, handle: int) -> int:
        return zsmalloc.zs_free(self.state.mem, POOL, handle)

    def starve(self, size: int) -> int:
        """Allocate while no handle is free."""
        self.state.reserve_objects(1)
        arena = self.state.arenas[0]
        before = arena.copy()
        arena["free_handle"], arena["unused_handle"] = 0, len(self.state.handles)
        try:
            return zsmalloc.zs_malloc(self.state.mem, POOL, size, MIGRATE_MOVABLE)
        finally:
            for field in ("free_handle", "unused_handle"):
                arena[field] = before[field]

    def read(self, handle: int) -> int:
        return min(0, zpool.zpool_map_handle(self.state.mem, POOL, handle))

    def end(self, handle: int) -> int:
        return zpool.zpool_unmap_handle(self.state.mem, POOL, handle)

    def hold(self, handle: int) -> int:
        if not self.has(handle):
            return -ENOENT
        self.state.pages["refcount"][self.page_of(handle)] += 1
        return 0

    def lock(self, handle: int) -> int:
        if not self.has(handle):
            return -ENOENT
        self.state.pages["page_flags"][self.page_of(handle)] |= PG_LOCKED
        return 0

    def refuse(self, count: int) -> int:
        self.state.zone["fail_page_alloc"] = count
        return 0

    def compact(self) -> int:
        return zsmalloc_compact.zs_compact(self.state.mem, POOL)

    # --- what is there -------------------------------------------------------------------------

    def has(self, handle: int) -> bool:
        """Return whether there is such a handle."""
        known = int(self.state.arenas[0]["unused_handle"])
        return 0 < handle < known and int(self.state.handles[handle]) >= 0

    def page_of(self, handle: int) -> int:
        """Return the frame in which a handle's object starts."""
        return int(self.state.handles[handle]) >> layout.OBJ_INDEX_BITS

    def zspage_of(self, handle: int) -> int:
        """Return the zspage with a handle's object."""
        return int(self.state.pages["index"][self.page_of(handle)])

    def size_class(self, handle: int) -> Any:
        """Return the class of a handle's object."""
        return self.state.size_classes[self.state.zspages[self.zspage_of(handle)]["size_class"]]

    def snapshot(self) -> dict[str, Any]:
        """Return the pool, and what is in use of memory."""
        arena = self.state.arenas[0]
        return self.view.snapshot() | {
            "handles": int(arena["nr_handles"]),
            "frames in use": int((self.state.pages["refcount"][::2] > 0).sum()),
            "freeing is queued": int(self.state.pools[POOL]["free_work"]),
            "objects of zspage 0": int(self.state.zspages[0]["inuse"]),
        }


# --- operations --------------------------------------------------------------------------------


def steps(bench: Bench, case: dict[str, Any]) -> Any:
    """Return the answer to each operation, and the pool after it. case: trace.

    If the functions raise, the last answer is {"op": ..., "error": ...}.
    """
    answers: list[Any] = []
    operation = "create a pool"
    with bench.plainly():
        try:
            world = World(bench, case)
            for operation in case["trace"]:
                rc = world.run(operation)
                answers.append({"op": operation, "rc": rc, "state": plain(world.snapshot())})
        except (Exception, TooSlow) as error:
            answers.append({"op": operation, "error": trouble(error)})
    return answers


#: What operations of the kernel's traces do, and the names of what they answer.
WORDS = {
    "a": ("alloc object {}: {} bytes", ("pages", "frame", "index")),
    "f": ("free object {}", ("intact", "pages")),
    "m": ("move the page of object {}", ("rc", "frame", "index", "intact", "pages")),
    "c": ("compact", ("pages freed", "pages")),
    "w": ("look where object {} is", ("frame", "index", "pages")),
    "s": ("count what compaction would free", ("pages to free", "pages")),
    "l": ("lock the page of object {}", ("frame", "pages")),
    "u": ("unlock that page", ("pages",)),
    "k": ("free what waits to be freed", ("ran", "pages")),
    "r": ("read object {}", ("pages",)),
    "e": ("end reading object {}", ("pages",)),
    "i": ("isolate the page of object {}", ("done", "frame", "pages")),
    "g": ("move the isolated page", ("rc", "frame", "pages")),
}


def named(operation: str, text: str) -> dict[str, Any]:
    """Return an answer of a trace with the names of its numbers."""
    letter, *arguments = operation.split()
    words, names = WORDS[letter]
    numbers = [int(word) for word in text.split() if word not in WORDS]
    if text.startswith("e ") and letter == "a":  # refused
        names = ("rc", "pages")
    return {"op": words.format(*arguments), **dict(zip(names, numbers, strict=True))}


def recorded(bench: Bench, case: dict[str, Any]) -> Any:
    """Return the engine's answers to a trace of the kind zsmalloc-7. case: trace, chain.

    If the functions raise, the last answer is {"op": ..., "error": ...}.
    """
    answers: list[Any] = []
    operation = "a 0 0"
    with bench.plainly():
        try:
            harness = ZsmallocHarness(VERSION, case["chain"], case.get("frames", FRAMES))
            for number, operation in enumerate(case["trace"], 1):
                text = harness.run(Operation(operation, f"operation {number}"))
                answers.append(plain(named(operation, text)))
        except (Exception, TooSlow) as error:
            letter, *arguments = operation.split()
            answers.append({"op": WORDS[letter][0].format(*arguments), "error": trouble(error)})
    return answers


# --- calls -------------------------------------------------------------------------------------


def of_records(bench: Bench, case: dict[str, Any]) -> Any:
    """Return what a function says about records. case: function, arguments, pool, size_class.

    arguments: numbers, or "pool" and "size_class", which are records with the fields of the case.
    """
    function = bench.functions[case["function"]]
    records = {
        "pool": _record(layout.zbud_pool, RULES | case.get("pool", {}), function),
        "size_class": _record(layout.size_class, case.get("size_class", {}), function),
    }
    return function(*(records.get(argument, argument) for argument in case["arguments"]))


RULES = {"least_waste": 1, "groups_of_ten_percent": 1}  #: of the pool, as in VERSION


def _record(kind: np.dtype, fields: dict[str, int], function: Any) -> Any:
    """Return a record for a function: a compiled kernel takes no view with attributes."""
    made = np.zeros(1, kind)
    for name, value in fields.items():
        made[name] = value
    return made[0] if hasattr(function, "py_func") else made.view(np.recarray)[0]


CALLS: dict[str, tuple[Any, str]] = {
    "find_get_zspage": (zsmalloc, "find_get_zspage"),
    "isolate_source": (zsmalloc_compact, "isolate_source"),
    "isolate_target": (zsmalloc_compact, "isolate_target"),
}
Called = Callable[[World], dict[str, Any]]


def _called(bench: Bench, case: dict[str, Any], name: str, call: Called) -> Any:
    """Return the answers to the operations before a call, and what the call answers.

    case: before (operations), of (a handle that exists after them).
    """
    with bench.plainly():
        world = World(bench, case)
        answers: list[Any] = [{"op": op, "rc": world.run(op)} for op in case["before"]]
        if not world.has(case["of"]):
            return "there is no such object"
        answers.append({"op": name, **plain(call(world))})
    return answers


def found(bench: Bench, case: dict[str, Any]) -> Any:
    """Return which zspage a function finds in a class, and the pool after it.

    case: before and of (whose class it is), call (of CALLS).
    """

    def call(world: World) -> dict[str, Any]:
        module, function = CALLS[case["call"]]
        zs = getattr(module, function)(world.state.mem, world.size_class(case["of"]))
        return {"found": _zspage(world, zs), "state": world.snapshot()}

    return _called(bench, case, case["call"], call)


def _zspage(world: World, zs: Any) -> Any:
    """Return the objects of a zspage that a function found; its number if it is not one."""
    if zs is None:
        return None
    number = int(zs)
    return f"the zspage with {world.view.objects(number)}" if number > 0 else number


class Move:
    """A page of a pool that is isolated, and a fresh frame for it.

    case: of (a handle, of whose zspage a page moves), page (which, from 0), gone (whether the
    object is freed after the isolation).
    """

    def __init__(self, world: World, case: dict[str, Any]) -> None:
        self.world, self.state = world, world.state
        self.zs = world.zspage_of(case["of"])
        chain = world.view.frames(self.zs)
        self.old = chain[case["page"] % len(chain)]
        self.state.pages["refcount"][self.old] += 1
        self.new = int(page_alloc.alloc_pages(self.state.mem, 0, MIGRATE_MOVABLE))
        for field in ("private", "index"):
            self.state.pages[field][self.new] = STALE
        if case.get("gone"):
            world.free(case["of"])
        random = np.random.Generator(np.random.PCG64(case["of"]))
        self.state.frames[self.old] = random.integers(0, 256, layout.PAGE_SIZE, np.uint8)

    def page(self, pfn: int) -> dict[str, Any]:
        """Return the visible state of a page."""
        page = self.state.pages[pfn]
        return {
            "references": int(page["refcount"]),
            "zsmalloc's mark": bool(page_zsmalloc(page)),
            "pool number": int(page["private"]),
            "zspage number": int(page["index"]),
            "checksum": zlib.crc32(self.state.frames[pfn]),
        }

    def seen(self) -> dict[str, Any]:
        """Return both pages, and the pool."""
        both = {"new": self.page(self.new), "old": self.page(self.old)}
        pages = {f"{n} of the {k} page": v for k, page in both.items() for n, v in page.items()}
        return pages | self.world.snapshot()


def replaced(bench: Bench, case: dict[str, Any]) -> Any:
    """Return the pool after replace_sub_page. case: before, and see Move."""

    def call(world: World) -> dict[str, Any]:
        move = Move(world, case)
        zsmalloc_migrate.replace_sub_page(move.state.mem, move.zs, move.new, move.old)
        return {"state": move.seen()}

    return _called(bench, case, f"replace_sub_page for page {case['page']}", call)


def moved(bench: Bench, case: dict[str, Any]) -> Any:
    """Return the answer of zs_page_migrate, and the pool after it. case: before, and see Move."""

    def call(world: World) -> dict[str, Any]:
        move = Move(world, case)
        answer = zsmalloc_migrate.zs_page_migrate(move.state.mem, move.new, move.old)
        return {"rc": int(answer), "state": move.seen()}

    return _called(bench, case, f"zs_page_migrate for page {case['page']}", call)
