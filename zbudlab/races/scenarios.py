"""Ready scenarios: small machines, and the actors that meet on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.layout import MERGE_ISOLATE, MERGE_UNMAP
from zbudlab.machine import Machine
from zbudlab.machine.core import LAB_POOL, Core
from zbudlab.races import play

MERGES = {"isolate": MERGE_ISOLATE, "unmap": MERGE_UNMAP}
SIZES = (1000, 900)  #: bytes of the two objects that share the page that all actors meet on
LARGE = 1900  #: bytes of objects that do not fit next to those
FRAMES = 64
NEWER = 1 << 20  #: the content that a store brings


@dataclass(frozen=True)
class Actor:
    """One processor's work in a scenario.

    name: on its lane. kind: layout.ACTOR_*. handle: the object it works on. pfn: the page that a
    compaction wants to move, -1 = the first of a pool. slot: the swap slot. passes: how often a
    compaction tries; wait: whether it waits for the lock of a page.
    """

    name: str
    kind: int
    handle: int = 0
    pfn: int = -1
    slot: int = 0
    passes: int = 1
    wait: bool = False


def user(handle: int) -> Actor:
    """Return an actor that maps an object, reads it and unmaps it."""
    return Actor(f"user of {handle}", layout.ACTOR_USER, handle)


def free(handle: int) -> Actor:
    """Return an actor that frees an object."""
    return Actor(f"free {handle}", layout.ACTOR_FREE, handle)


def compact(pfn: int = -1, *, passes: int = 1, wait: bool = False) -> Actor:
    """Return a compaction that moves one page if it can, in up to `passes` passes.

    pfn: its frame, -1 = the first page of a pool.
    """
    return Actor("compaction", layout.ACTOR_COMPACT, pfn=pfn, passes=passes, wait=wait)


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
        for field in ("kind", "handle", "slot", "passes", "wait"):
            record[field] = getattr(actor, field)
        if actor.kind in (layout.ACTOR_USER, layout.ACTOR_FREE):
            record["pool"] = LAB_POOL
        elif actor.kind == layout.ACTOR_COMPACT:
            pfn = _first_pool_page(machine) if actor.pfn < 0 else actor.pfn
            record["pfn"], record["head"], lists = pfn, lists, lists + 1
            record["pool"] = machine.state.pages[pfn]["private"]
        elif actor.kind == layout.ACTOR_STORE:
            record["word"] = NEWER
    return table


def _first_pool_page(machine: Core) -> int:
    """Return the lowest frame that belongs to a pool. Raise ValueError if there is none."""
    marks = machine.state.pages["mapcount"][: machine.config.frames]
    found = np.flatnonzero((marks >= layout.PAGE_ZPOOL_FIRST) & (marks <= layout.PAGE_ZPOOL_LAST))
    if not len(found):
        raise ValueError("this machine has no page of a pool that a compaction could move")
    return int(found[0])


def shared_page(profile: str = "v2") -> Machine:
    """Return a machine with one zbud page that holds two objects, handles 1 and 2.

    Each object starts with the number of its handle.
    """
    machine = Machine(
        frames=FRAMES, page_bytes=False, profile=profile, min_free=0, swap_pages=0, keyframes=False
    )
    for size in SIZES:
        handle = machine.zbud_alloc(size)
        machine.operate("race_content", handle, handle)
    return machine


def two_pages(profile: str = "v2") -> Machine:
    """Return a machine with two zbud pages: objects 1 and 2 in frame 0, 3 and 4 in frame 1."""
    machine = shared_page(profile)
    for _ in SIZES:
        machine.zbud_alloc(LARGE)
    return machine


def swapped_out(profile: str = "v2") -> Machine:
    """Return a machine with two pages of a process in zswap: slots 0 and 1, in one zbud page."""
    machine = Machine(
        frames=FRAMES, page_bytes=False, profile=profile, min_free=0, swap_pages=4, keyframes=False
    )
    process = machine.create_process(len(SIZES))
    machine.write(process, 0, list(SIZES))
    machine.reclaim(len(SIZES))
    return machine


@dataclass(frozen=True)
class Scenario:
    """A machine, by profile, and the actors that meet on it."""

    sentence: str
    machine: Callable[[str], Machine]
    actors: tuple[Actor, ...]


def _on_shared_page(sentence: str, *actors: Actor) -> Scenario:
    return Scenario(sentence, shared_page, actors)


#: The ready scenarios by name.
SCENARIOS: dict[str, Scenario] = {
    "user-free-compact": _on_shared_page(
        "An object is read, freed and moved at once.", user(1), free(1), compact()
    ),
    "user-user-compact": _on_shared_page(
        "Two readers of one object, while a compaction tries twice to move it.",
        *(user(1), user(1), compact(passes=2)),
    ),
    "free-free-compact": _on_shared_page(
        "Both objects of a page are freed while a compaction takes it.", free(1), free(2), compact()
    ),
    "compact-compact": _on_shared_page("Two compactions want the same page.", compact(), compact()),
    "writeback-compact": Scenario(
        "zswap writes a page of its pool back while a compaction moves it.",
        *(swapped_out, (writeback(), compact())),
    ),
    "load-compact": Scenario(
        "A page is loaded from zswap while a compaction moves it.",
        *(swapped_out, (load(0), compact())),
    ),
    "load-store-writeback-compact": Scenario(
        "zswap loads one page, stores a newer one and writes back, while a compaction runs.",
        *(swapped_out, (load(0), store(1), writeback(), compact())),
    ),
    "load-invalidate-writeback": Scenario(
        "A page is loaded while its slot is freed and zswap writes back.",
        *(swapped_out, (load(0), invalidate(0), writeback())),
    ),
    "load-invalidate-writeback-compact-compact": Scenario(
        "A load, a freed slot, a writeback and two compactions meet on one page.",
        *(swapped_out, (load(0), invalidate(0), writeback(), compact(), compact())),
    ),
}


def scenario(name: Any) -> Scenario:
    """Return a scenario by its name. Raise ValueError for an unknown one."""
    if name not in SCENARIOS:
        raise ValueError(f"scenario must be one of {', '.join(SCENARIOS)}, not {name!r}")
    return SCENARIOS[name]


def merged(names: list[str] | tuple[str, ...]) -> int:
    """Return the bits of the halves to join, by name. Raise ValueError for an unknown one."""
    for name in names:
        if name not in MERGES:
            raise ValueError(f"merge must be one of {', '.join(MERGES)}, not {name!r}")
    return sum({MERGES[name] for name in names})


assert play  # its operations are known to machines
