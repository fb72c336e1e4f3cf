"""The actors of a scenario: what each processor does, and their records for compiled code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.io.values import shown
from zbudlab.layout import MERGE_ISOLATE, MERGE_UNMAP
from zbudlab.machine.core import LAB_POOL, Core
from zbudlab.races.cma_steps import CMA_ISOLATE
from zbudlab.races.counter_steps import COUNTER_READ

MERGES = {"isolate": MERGE_ISOLATE, "unmap": MERGE_UNMAP}
NEWER = 1 << 20  #: the content that a store brings
COUNTER = 1  #: the handle of the object whose content is a counter
MOVERS = (layout.ACTOR_COMPACT, layout.ACTOR_CMA)


@dataclass(frozen=True)
class Actor:
    """One processor's work in a scenario.

    name: on its lane. kind: layout.ACTOR_*. handle: the object it works on. pfn: the page that a
    compaction wants to move, -1 = the first of a pool. slot: the swap slot. passes: how often a
    compaction tries; wait: whether it waits for the lock of a page. uncounted: whether it moves
    pages without the test of their references.
    """

    name: str
    kind: int
    handle: int = 0
    pfn: int = -1
    slot: int = 0
    passes: int = 1
    wait: bool = False
    uncounted: bool = False


def user(handle: int) -> Actor:
    """Return an actor that maps an object, reads it and unmaps it."""
    return Actor(f"user of {handle}", layout.ACTOR_USER, handle)


def free(handle: int) -> Actor:
    """Return an actor that frees an object."""
    return Actor(f"free {handle}", layout.ACTOR_FREE, handle)


def compact(pfn: int = -1, *, passes: int = 1, wait: bool = False, counts: bool = True) -> Actor:
    """Return a compaction that moves one page if it can, in up to `passes` passes.

    pfn: its frame, -1 = the first page of a pool. wait: whether it waits for the lock of the page.
    counts: whether zbud_migrate_page tests the page's references, as it must.
    """
    kind, uncounted = layout.ACTOR_COMPACT, not counts
    return Actor("compaction", kind, pfn=pfn, passes=passes, wait=wait, uncounted=uncounted)


def cma_request(pfn: int = -1) -> Actor:
    """Return a request of CMA for the pageblock of a page, which moves that page away.

    pfn: its frame, -1 = the first page of a pool.
    """
    return Actor("CMA request", layout.ACTOR_CMA, pfn=pfn)


def count(*, locked: bool = False) -> Actor:
    """Return an actor that adds one to a counter, which is the content of object 1.

    locked: whether it takes the page's lock meanwhile.
    """
    return Actor("counter", layout.ACTOR_COUNTER, COUNTER, wait=locked)


def load(slot: int) -> Actor:
    """Return an actor that reads the page of a swap slot from zswap."""
    return Actor(f"load {slot}", layout.ACTOR_LOAD, slot=slot)


def store(slot: int) -> Actor:
    """Return an actor that stores a newer page in a swap slot."""
    return Actor(f"store {slot}", layout.ACTOR_STORE, slot=slot)


def invalidate(slot: int) -> Actor:
    """Return an actor that frees a swap slot, so that zswap drops its page."""
    return Actor(f"invalidate {slot}", layout.ACTOR_INVALIDATE, slot=slot)


def writeback() -> Actor:
    """Return an actor that empties the oldest page of zswap's pool."""
    return Actor("writeback", layout.ACTOR_WRITEBACK)


def program(function: Callable[[], Any]) -> Actor:
    """Return the actor of a generator function."""
    return Actor(getattr(function, "__name__", "program"), layout.ACTOR_PROGRAM)


def with_unique_names(actors: Sequence[Actor]) -> list[Actor]:
    """Return the actors; those with the same name are numbered."""
    names = [actor.name for actor in actors]
    return [
        replace(actor, name=f"{actor.name} ({names[: i + 1].count(actor.name)})")
        if names.count(actor.name) > 1
        else actor
        for i, actor in enumerate(actors)
    ]


def records(machine: Core, actors: Sequence[Actor], merge: int) -> np.ndarray:
    """Return the actors as layout.actor (n,). merge: the halves that one step joins, MERGE_*."""
    table = np.zeros(len(actors), layout.actor)
    lists = 0
    for record, actor in zip(table, actors, strict=True):
        record["merge"] = merge
        for field in ("kind", "handle", "slot", "passes", "wait", "uncounted"):
            record[field] = getattr(actor, field)
        if actor.kind in (layout.ACTOR_USER, layout.ACTOR_FREE):
            record["pool"] = LAB_POOL
            record["word"] = actor.handle if actor.kind == layout.ACTOR_USER else 0
        elif actor.kind in (*MOVERS, layout.ACTOR_COUNTER):
            _of_a_page(machine, record, actor.pfn)
        elif actor.kind == layout.ACTOR_STORE:
            record["word"] = NEWER
        if actor.kind in MOVERS:
            record["head"], lists = lists, lists + 1
    return table


def _of_a_page(machine: Core, record: np.void, pfn: int) -> None:
    """Fill in the page that an actor works on, its pool, and the first step."""
    pfn = _first_pool_page(machine) if pfn < 0 else pfn
    record["pfn"], record["pool"] = pfn, machine.state.pages[pfn]["private"]
    if record["kind"] == layout.ACTOR_CMA:
        order = int(machine.state.zone["pageblock_order"])
        record["block"], record["pc"] = pfn >> order << order, CMA_ISOLATE
    elif record["kind"] == layout.ACTOR_COUNTER and not record["wait"]:
        record["pc"] = COUNTER_READ


def _first_pool_page(machine: Core) -> int:
    """Return the lowest frame that belongs to a pool. Raise ValueError if there is none."""
    marks = machine.state.pages["mapcount"][: machine.config.frames]
    found = np.flatnonzero((marks >= layout.PAGE_ZPOOL_FIRST) & (marks <= layout.PAGE_ZPOOL_LAST))
    if not len(found):
        raise ValueError("this machine has no page of a pool that a compaction could move")
    return int(found[0])


def merged(names: list[str] | tuple[str, ...]) -> int:
    """Return the bits of the halves to join, by name. Raise ValueError for an unknown one."""
    for name in names:
        if not isinstance(name, str) or name not in MERGES:
            raise ValueError(f"merge must be one of {', '.join(MERGES)}, not {shown(name)}")
    return sum({MERGES[name] for name in names})
