"""Probe for moving one zbud page: replay a trace, then call one function.

A case: before (operations of a zbud trace, one per line), move (which page, by its place on the
LRU, newest first), see (what is looked at afterwards: SIGHTS, or "untouched"), perhaps pool (its
number; others are empty) and stray (a handle for which the tree has another page). Pages are given
as "old", "new", or by their number.
"""

import base64
import binascii
import zlib
from typing import Any

import numpy as np

from zbudlab.conformance.trace import Operation
from zbudlab.conformance.zbud import ZbudHarness
from zbudlab.course.probes import Bench
from zbudlab.layout import (
    BUDDIED,
    BUDDY,
    CHUNK_SIZE,
    LRU,
    LRU_LIST,
    MIGRATE_MOVABLE,
    NCHUNKS,
    PAGE_SIZE,
    ZBUD_SERIES,
    ZHDR_CHUNKS,
)
from zbudlab.mm import page_alloc, radix_tree, zbud_header, zbud_migrate
from zbudlab.mm.page import page_zbud

FRAMES = 128
FIXED = ("list_heads", "row_shift", "created", "variant")  #: of a pool; moving changes none
STRAY = 100  #: the page that the tree has for a handle of a case's `stray`
MAPPING = 5  #: of the old page; the new one is to have the same
STALE = 9  #: what the fresh frame's last owner left in `private`


class Scene:
    """A pool after some operations, one of its pages isolated, and a fresh frame for it."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.replay = ZbudHarness(ZBUD_SERIES, FRAMES, case.get("pool", 0))
        self.state = self.replay.state
        taken = int(page_alloc.alloc_pages(self.state.mem, 0, MIGRATE_MOVABLE))
        self.state.pages[taken]["private"] = STALE  # frame 0: no page that moves has its index
        for number, line in enumerate(case["before"], 1):
            self.replay.run(Operation(line, f"operation {number}"))
        self.old = self.replay.view.at(case["move"])
        if self.old >= 0:
            self.state.pages[self.old]["refcount"] += 1
            self.new = int(page_alloc.alloc_pages(self.state.mem, 0, MIGRATE_MOVABLE))
            self.state.pages[self.new]["private"] = STALE
            self.state.pages[self.old]["mapping"] = MAPPING
        self._lead_astray(int(case.get("stray", 0)))

    def _lead_astray(self, handle: int) -> None:
        """Enter page STRAY in the tree for a handle, if there is one."""
        nodes, pool = self.state.nodes, self.replay.pool
        slot = radix_tree.radix_tree_lookup_slot(nodes, pool, handle)
        if handle and slot >= 0:
            radix_tree.radix_tree_replace_slot(nodes, pool, slot, STRAY + 1)

    def header(self, pfn: int) -> Any:
        return self.state.rows[pfn << int(self.replay.pool["row_shift"])]

    def page(self, pfn: int) -> Any:
        """Return a page as plain values."""
        return {self.old: "old", self.new: "new"}.get(pfn, pfn)

    def move(self) -> int:
        """Call the function that moves the page."""
        return int(zbud_migrate.zbud_migrate_page(self.state.mem, self.new, self.old))

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all of memory by name; frames are part of rows."""
        state = self.state
        found = {"pages": state.pages, "rows": state.rows, "nodes": state.nodes}
        return found | {"pools": state.pools}

    def everything(self) -> int:
        """Return a number that changes if anything in memory changes."""
        return zlib.crc32(b"".join(array.tobytes() for array in self.arrays().values()))

    def memory(self) -> dict[str, str]:
        """Return all of memory, packed for the process that examines it."""
        packed = {name: zlib.compress(array.tobytes(), 1) for name, array in self.arrays().items()}
        return {name: base64.b64encode(data).decode() for name, data in packed.items()}


def references(scene: Scene) -> dict[str, Any]:
    """Return where each handle leads, the references of both pages, the old header's handles."""
    state, pool = scene.state, scene.replay.pool
    pages = {
        str(number): scene.page(int(zbud_header.handle_pfn(pool, state.nodes, number)))
        for number in range(1, len(scene.replay.handles))
    }
    counts = {scene.page(pfn): int(state.pages["refcount"][pfn]) for pfn in (scene.old, scene.new)}
    held = [int(scene.header(scene.old)[f"{side}_handle"]) for side in ("first", "last")]
    return {"handles": pages, "references": counts, "handles in the old header": held}


def lists(scene: Scene) -> dict[str, Any]:
    """Return the pages on each list of the pool, first to last."""
    view = scene.replay.view
    places = {"lru": (LRU_LIST, LRU), "buddied": (BUDDIED, BUDDY)}
    places |= {f"{free} chunks free": (free, BUDDY) for free in range(1, NCHUNKS)}
    found = {name: view.members(*place) for name, place in places.items()}
    return {
        name: [scene.page(view.pfn(row)) for row in rows] for name, rows in found.items() if rows
    }


def content(scene: Scene) -> dict[str, Any]:
    """Return what the new frame holds: mark, pool, mapping, header, the bytes of both buddies."""
    page, header = scene.state.pages[scene.new], scene.header(scene.new)
    names = ("first_chunks", "last_chunks", "first_map_count", "last_map_count")
    bytes_ = scene.state.frames[scene.new].tobytes()
    start = ZHDR_CHUNKS * CHUNK_SIZE
    first = int(header["first_chunks"]) * CHUNK_SIZE
    last = int(header["last_chunks"]) * CHUNK_SIZE
    return {
        "is zbud's": bool(page_zbud(page)),
        "pool": int(page["private"]),
        "mapping": int(page["mapping"]),
        **{name: int(header[name]) for name in names},
        "bytes": [
            zlib.crc32(bytes_[start : start + first]),
            zlib.crc32(bytes_[PAGE_SIZE - last :] if last else b""),
        ],
    }


SIGHTS: dict[str, Any] = {
    "references": references,
    "lists": lists,
    "content": content,
    "answer": lambda scene: {},  # where several states are right
}


def moved(bench: Bench, case: dict[str, Any]) -> Any:
    """Return the result of zbud_migrate_page, and memory after it."""
    scene = Scene(case)
    if scene.old < 0:
        return "there is no such page"
    with bench.plugged():
        answer = scene.move()
    return {"answer": answer, "memory": scene.memory()}


def count(bench: Bench, case: dict[str, Any]) -> Any:
    """Return what expected_references says about the header of the page."""
    scene = Scene(case)
    if scene.old < 0:
        return "there is no such page"
    with bench.plugged():
        return int(zbud_migrate.expected_references(scene.header(scene.old)))


def handle(bench: Bench, case: dict[str, Any]) -> Any:
    """Return what move_handle does with one handle (case: handle) of the page."""
    scene = Scene(case)
    if scene.old < 0:
        return "there is no such page"
    pool, mem = scene.replay.pool, scene.state.mem
    arguments = (np.int64(case["handle"]), scene.new, scene.old)
    with bench.plugged():
        answer = zbud_migrate.move_handle(mem, pool, *arguments)
    return {"answer": int(answer), "memory": scene.memory()}


def look(bench: Bench, case: dict[str, Any]) -> Any:
    """Return what a case asks to see of the memory that a probe packed. case: case, answer.

    ValueError if it is not the memory of that case.
    """
    scene = Scene(case["case"])
    before = scene.everything()
    _fill(scene, case["answer"]["memory"])
    said, see = case["answer"]["answer"], case["case"]["see"]
    if see == "untouched":
        return {"answer": said, "untouched": said == 0 or scene.everything() == before}
    # what is answered depends on the handles, which cost another ability than the page's content
    answered = {} if see in ("content", "lists") else {"answer": said}
    return answered | SIGHTS[see](scene)


def _fill(scene: Scene, memory: Any) -> None:
    """Fill the scene's memory with what a probe packed; ValueError if its links are invalid."""
    fixed = scene.state.pools[list(FIXED)].copy()
    for name, array in scene.arrays().items():
        data = _unpacked(memory[name], array.nbytes)
        array.view(np.uint8).reshape(-1)[:] = np.frombuffer(data, np.uint8)
    pools, nodes = scene.state.pools, len(scene.state.nodes)
    if (pools[list(FIXED)] != fixed).any():
        raise ValueError("a pool's places are others than before")
    if not ((pools["rnode"] >= 0) & (pools["rnode"] < nodes) & (pools["height"] >= 0)).all():
        raise ValueError("a pool's tree begins outside memory")


def _unpacked(text: Any, size: int) -> bytes:
    """Return the bytes that a probe packed; ValueError unless there are `size` of them."""
    try:
        data = zlib.decompressobj().decompress(base64.b64decode(text), size + 1)
    except (zlib.error, binascii.Error, TypeError) as error:
        raise ValueError(str(error)) from None
    if len(data) != size:
        raise ValueError(f"{len(data)} bytes of memory, not {size}")
    return data
