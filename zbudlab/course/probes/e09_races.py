"""Probe for races: every schedule of a few actors, with the functions in place.

A case: sizes (bytes of the objects, stored one after the other, handles from 1), words (the content
of each), actors ([[kind, handle], ...], see ACTORS), merge (steps counted as one, see
`races.cast.MERGES`). The search is plain Python, as the grading sandbox has no compiler; the steps
and what must hold are those of `zbudlab.races`.
"""

from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.course.probes import Bench
from zbudlab.layout import BLOCKED, BUDDIED, BUDDY, LRU, LRU_LIST, NCHUNKS, ZBUD_SERIES
from zbudlab.mm import page_alloc, zbud, zbud_header, zbud_zpool
from zbudlab.mm.bootmem import free_all_bootmem
from zbudlab.mm.inspection import list_members
from zbudlab.mm.state import State
from zbudlab.races import actors as steps
from zbudlab.races import oracles
from zbudlab.races.cast import MERGES
from zbudlab.races.names import FAULTS

FRAMES = 8  #: the page, a target for each compaction, and some that stay free
ACTORS = {
    "user": layout.ACTOR_USER,
    "free": layout.ACTOR_FREE,
    "compaction": layout.ACTOR_COMPACT,
}
#: What the functions under test decide; the rules of a machine where they are the package's.
RULES = ("keep_page_until_unmap", "isolate_under_lock", "refuse_emptied_page", "mark_isolated")
Moment = tuple[bytes, ...]


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
        self.arrays = (*pool, self.state.zones, self.state.blocks, self.actors)
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
        """Make everything as it was."""
        for array, data in zip(self.arrays, moment, strict=True):
            array.view(np.uint8).reshape(-1)[:] = np.frombuffer(data, np.uint8)

    def step(self, who: int) -> int:
        """Run the next step of an actor. Return 0, BLOCKED or a fault."""
        answer = int(steps.perform(self.mem, self.actors, self.slots, who))
        if answer == 0:
            self._scrub()
        return answer

    def _scrub(self) -> None:
        """Do as `oracles.scrub`, except where it would change nothing: in free frames as before.

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
        """Return what must not be in a moment, which is now; 0 = all is well."""
        held = int(oracles.held_address_fault(self.mem, self.actors))
        if held:
            return held
        pool = moment[: self._pool_arrays]
        if pool not in self._pool_faults:
            self._pool_faults[pool] = int(oracles.pool_fault(self.mem))
        return self._pool_faults[pool]

    def end(self) -> str:
        """Return what is to be seen of the pool: objects, references, lists."""
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


def explored(bench: Bench, case: dict[str, Any]) -> Any:
    """Run every schedule of a case. Return the faults of all, and how those without one end."""
    with bench.plainly():
        return explore(World(case))


def explore(world: World) -> dict[str, list[str]]:
    """Run every schedule. Return the kinds of faults, and the ends of schedules without."""
    start = world.moment()
    seen, todo = {start}, [start]
    faults: set[int] = set()
    ends: set[str] = set()
    while todo:
        following, found = _followed(world, todo.pop(), seen)
        faults |= found
        if following is None:
            ends |= {world.end()} if not found else set()
            continue
        todo += following
        seen |= following
    return {"faults": sorted(FAULTS[fault][0] for fault in faults), "ends": sorted(ends)}


def _followed(
    world: World, moment: Moment, seen: set[Moment]
) -> tuple[set[Moment] | None, set[int]]:
    """Return the new moments after one step (None without a step) and the faults on the way."""
    following: set[Moment] = set()
    faults: set[int] = set()
    goes_on = False
    for who in range(len(world.actors)):
        world.restore(moment)
        if world.actors[who]["pc"] < 0:
            continue
        answer = world.step(who)
        goes_on |= answer != BLOCKED
        after = world.moment() if answer == 0 else moment
        if answer == 0 and after not in seen:
            answer = world.fault(after)
            following |= {after} if answer == 0 else set()
        if answer > 0:
            faults.add(answer)
    if goes_on:
        return following, faults
    world.restore(moment)
    return None, _wrong_at_the_end(world)


def _wrong_at_the_end(world: World) -> set[int]:
    """Return what is wrong when no actor goes on."""
    if (world.actors["pc"] >= 0).any():
        return {layout.FAULT_DEADLOCK}
    fault = int(oracles.end_fault(world.mem, np.ones(1, np.int64)))
    return {fault} if fault else set()
