"""Ready scenarios: small machines, and the actors that meet on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.layout import MERGE_ISOLATE, MERGE_UNMAP
from zbudlab.machine import Machine
from zbudlab.machine.core import LAB_POOL
from zbudlab.mm import zbud_zpool

MERGES = {"isolate": MERGE_ISOLATE, "unmap": MERGE_UNMAP}
SIZES = (1000, 900)  #: bytes of the two objects that share the page everybody meets on
FRAMES = 64


@dataclass(frozen=True)
class Actor:
    """One processor's work in a scenario.

    name: on its lane. kind: layout.ACTOR_*. handle: the object it works on. pfn: the page that a
    compaction wants to move. slot: the swap slot. passes: how often a compaction tries; wait:
    whether it waits for the lock of a page.
    """

    name: str
    kind: int
    handle: int = 0
    pfn: int = 0
    slot: int = 0
    passes: int = 1
    wait: bool = False


def user(handle: int) -> Actor:
    """Return an actor that maps an object, reads it and unmaps it."""
    return Actor(f"user of {handle}", layout.ACTOR_USER, handle)


def free(handle: int) -> Actor:
    """Return an actor that frees an object."""
    return Actor(f"free {handle}", layout.ACTOR_FREE, handle)


def compact(pfn: int = 0, *, passes: int = 1, wait: bool = False) -> Actor:
    """Return a compaction that moves page `pfn` if it can, in up to `passes` passes."""
    return Actor(f"compaction of {pfn}", layout.ACTOR_COMPACT, pfn=pfn, passes=passes, wait=wait)


def with_unique_names(actors: Sequence[Actor]) -> list[Actor]:
    """Return the actors; those with the same name are numbered."""
    names = [actor.name for actor in actors]
    return [
        replace(actor, name=f"{actor.name} ({names[: i + 1].count(actor.name)})")
        if names.count(actor.name) > 1
        else actor
        for i, actor in enumerate(actors)
    ]


def records(actors: list[Actor], merge: int) -> np.ndarray:
    """Return the actors as layout.actor (n,). merge: the halves that one step joins, MERGE_*."""
    table = np.zeros(len(actors), layout.actor)
    lists = 0
    for record, actor in zip(table, actors, strict=True):
        record["merge"], record["pool"] = merge, LAB_POOL
        for field in ("kind", "handle", "pfn", "slot", "passes", "wait"):
            record[field] = getattr(actor, field)
        if actor.kind == layout.ACTOR_COMPACT:
            record["head"], lists = lists, lists + 1
    return table


def shared_page(profile: str = "v2") -> Machine:
    """Return a machine with one zbud page that holds two objects, handles 1 and 2.

    Each object starts with the number of its handle.
    """
    machine = Machine(
        frames=FRAMES, page_bytes=False, profile=profile, min_free=0, swap_pages=0, keyframes=False
    )
    for size in SIZES:
        handle = machine.zbud_alloc(size)
        mem = machine.state.mem
        address = zbud_zpool.zbud_object_address(mem, LAB_POOL, handle)
        zbud_zpool.zbud_write_word(mem, LAB_POOL, address, handle)
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
