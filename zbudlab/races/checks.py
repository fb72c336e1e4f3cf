"""Checks of actors, before compiled code uses their numbers as indices.

Actors come from callers of `explore`, and from log files as the numbers of layout.actor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.io.values import Kind, Truth, Whole, is_whole, shown
from zbudlab.machine.core import LAB_POOL, Core
from zbudlab.mm.zbud_zpool import zbud_object_address
from zbudlab.profiles import rules_of
from zbudlab.races.actors import IN_ZSWAP
from zbudlab.races.cast import MOVERS, Actor
from zbudlab.races.cma_steps import CMA_ISOLATE
from zbudlab.races.counter_steps import COUNTER_READ

MOST_ACTORS = 8  #: all orders of them, one after another, are run
MOST_LISTS = layout.NR_LIST_HEADS - layout.MIGRATEPAGES  #: each that moves pages has a list of them
MOST_PASSES = 64
KINDS = tuple(k for k in range(layout.ACTOR_COUNTER + 1) if k != layout.ACTOR_PROGRAM)
ON_A_PAGE = (*MOVERS, layout.ACTOR_COUNTER)
#: Rules of later kernels, whose zswap has other steps than that of 3.12.
LATER = (
    *("invalidate_before_store", "same_filled", "swap_slots_cache", "own_lru"),
    *("check_tree_before_writeback", "swap_cache_keeps_writeback"),
)
ANY = ("handle", "word")  #: fields of layout.actor that are not indices


def _kinds(machine: Core) -> dict[str, Kind]:
    """Return which values the fields of an actor accept on a machine."""
    return {
        "kind": Whole(0, layout.ACTOR_COUNTER),
        "handle": Whole(),
        "pfn": Whole(-1, machine.config.frames - 1),
        "slot": Whole(0, max(machine.config.swap_slots - 1, 0)),
        "passes": Whole(0, MOST_PASSES),
        "wait": Truth(),
        "uncounted": Truth(),
    }


def check_actors(machine: Core, actors: Any) -> None:
    """Raise TypeError or ValueError for actors whose fields this machine cannot have.

    actors: as users give them, ready ones and generator functions.
    """
    if not isinstance(actors, Sequence) or isinstance(actors, str):
        raise TypeError(f"actors must be a list, not {shown(actors)}")
    if not 1 <= len(actors) <= MOST_ACTORS:
        raise ValueError(f"actors must be 1 to {MOST_ACTORS}, not {len(actors)}")
    for actor in actors:
        if isinstance(actor, Actor):
            _check_fields(machine, actor)
        elif not callable(actor):
            raise TypeError(
                f"actors must be ready actors or generator functions, not {shown(actor)}"
            )
    _check_profile(machine, [each for each in actors if isinstance(each, Actor)])


def _check_profile(machine: Core, actors: Sequence[Actor]) -> None:
    """Raise ValueError for an actor of zswap on a machine whose zswap has other steps."""
    rules, name = rules_of(machine.config.profile), machine.config.profile
    if not any(getattr(rules, rule) for rule in LATER):
        return
    for actor in actors:
        if actor.kind in IN_ZSWAP:
            raise ValueError(
                f"actors: the steps of {shown(actor.name)} are those of zswap in 3.12, and profile "
                f"{name} has others: use 3.12, v2 or v2-mended"
            )


def _check_fields(machine: Core, actor: Actor) -> None:
    """Raise TypeError or ValueError for a field that is of a wrong kind or out of bounds."""
    if not isinstance(actor.name, str):
        raise TypeError(f"actors: name must be a text, not {shown(actor.name)}")
    for name, kind in _kinds(machine).items():
        value = getattr(actor, name)
        if fault := kind.fault(f"actors: {name} of {shown(actor.name)}", value):
            is_number = is_whole(value) and isinstance(kind, Whole)
            raise (ValueError if is_number else TypeError)(fault)
    if actor.kind not in KINDS:
        raise ValueError(f"actors: {_unknown_kind(actor.kind)}")


def fault_of_start(machine: Core, table: np.ndarray) -> str:
    """Say what is wrong with actors that have not started, or return "".

    table: layout.actor (n,), as `zbudlab.races.cast.records` fills it in, without generators.
    """
    if not 1 <= len(table) <= MOST_ACTORS:
        return f"actors must be 1 to {MOST_ACTORS}, not {len(table)}"
    for name in layout.actor.names or ():
        low, high = _bounds(machine).get(name, (0, 0))
        outside = table[name][(table[name] < low) | (table[name] > high)]
        if name not in ANY and outside.size:
            return f"{name} of an actor must be {low} to {high}, not {outside.flat[0]}"
    return next(_faults_of_rows(machine, table), "")


def _bounds(machine: Core) -> dict[str, tuple[int, int]]:
    """Return the least and the greatest number of the fields that are not always 0."""
    state, frames = machine.state, machine.config.frames
    return {
        "kind": (0, layout.ACTOR_COUNTER),
        "pc": (0, CMA_ISOLATE),
        "merge": (0, layout.MERGE_ISOLATE | layout.MERGE_UNMAP),
        "pool": (0, len(state.pools) - 1),
        "pfn": (0, frames - 1),
        "slot": (0, max(len(state.swap_slots) - 1, 0)),
        "head": (0, MOST_LISTS - 1),
        "passes": (0, MOST_PASSES),
        "wait": (0, 1),
        "uncounted": (0, 1),
        "block": (0, frames - 1),
    }


def _faults_of_rows(machine: Core, table: np.ndarray) -> Iterator[str]:
    """Say what is wrong with actors whose numbers are within their bounds, a sentence each."""
    size = 1 << int(machine.state.zone["pageblock_order"])
    freed = set(table["handle"][table["kind"] == layout.ACTOR_FREE].tolist())
    for row in table:
        kind, pfn, handle = int(row["kind"]), int(row["pfn"]), int(row["handle"])
        is_cma = kind == layout.ACTOR_CMA
        if kind not in KINDS:
            yield _unknown_kind(kind)
        if (row["pc"], row["block"]) != (_first_step(row), pfn // size * size if is_cma else 0):
            yield f"an actor of kind {kind} cannot start at step {row['pc']}, block {row['block']}"
        if kind in ON_A_PAGE and not _in_pool(machine, pfn):
            yield f"page frame {pfn} belongs to no pool"
        if is_cma and pfn // size * size + size > machine.config.frames:
            yield f"the pageblock of page frame {pfn} is not whole, so CMA cannot take it"
        if kind == layout.ACTOR_COUNTER and (handle in freed or not _is_there(machine, handle)):
            yield f"there is no handle {handle} for a counter, or an actor frees it"


def _unknown_kind(kind: int) -> str:
    return f"kind of an actor must be one of {', '.join(map(str, KINDS))}, not {kind}"


def _first_step(row: np.void) -> int:
    """Return the step at which an actor starts."""
    if row["kind"] == layout.ACTOR_CMA:
        return CMA_ISOLATE
    return COUNTER_READ if row["kind"] == layout.ACTOR_COUNTER and not row["wait"] else 0


def _in_pool(machine: Core, pfn: int) -> bool:
    """Return whether a page frame belongs to a pool."""
    mark = int(machine.state.pages["mapcount"][pfn])
    return layout.PAGE_ZPOOL_FIRST <= mark <= layout.PAGE_ZPOOL_LAST


def _is_there(machine: Core, handle: int) -> bool:
    """Return whether the user's pool has an object with that handle."""
    return bool(zbud_object_address(machine.state.mem, LAB_POOL, handle) >= 0)
