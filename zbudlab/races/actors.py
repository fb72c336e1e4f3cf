"""One step of one actor, whatever it does.

The steps of each kind of actor are behind a door: what no actor of a machine does is not compiled,
and the rest is compiled once instead of again in every caller.
"""

from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.jit import door, kernel, open_doors
from zbudlab.layout import (
    ACTOR_CMA,
    ACTOR_COMPACT,
    ACTOR_COUNTER,
    ACTOR_FREE,
    ACTOR_INVALIDATE,
    ACTOR_LOAD,
    ACTOR_STORE,
    ACTOR_USER,
    ACTOR_WRITEBACK,
    RACE_DOORS,
)
from zbudlab.races import cma_steps, counter_steps, steps, writeback_steps, zswap_steps

#: Actors that use zswap, and so take several locks in turn.
IN_ZSWAP = (ACTOR_LOAD, ACTOR_STORE, ACTOR_INVALIDATE, ACTOR_WRITEBACK)
_SLOTS = {"slots": layout.race_slot}


def _door(step: Any, kind: int) -> Any:
    """Return the door of the steps of a kind of actor."""
    return door(step, RACE_DOORS + kind, records={"actor": layout.actor}, arrays=_SLOTS)


user_step = _door(steps.user_step, ACTOR_USER)
free_step = _door(steps.free_step, ACTOR_FREE)
compact_step = _door(steps.compact_step, ACTOR_COMPACT)
cma_step = _door(cma_steps.cma_step, ACTOR_CMA)
counter_step = _door(counter_steps.counter_step, ACTOR_COUNTER)
load_step = _door(zswap_steps.load_step, ACTOR_LOAD)
store_step = _door(zswap_steps.store_step, ACTOR_STORE)
invalidate_step = _door(zswap_steps.invalidate_step, ACTOR_INVALIDATE)
writeback_step = _door(writeback_steps.writeback_step, ACTOR_WRITEBACK)


@kernel
def perform_in_zswap(mem, actor, slots):
    """Run the next step of an actor of zswap."""
    if actor.kind == ACTOR_LOAD:
        return load_step(mem, actor, slots)
    if actor.kind == ACTOR_STORE:
        return store_step(mem, actor, slots)
    if actor.kind == ACTOR_INVALIDATE:
        return invalidate_step(mem, actor, slots)
    return writeback_step(mem, actor, slots)


@kernel(inline=False)
def perform(mem, actors, slots, who):
    """Run the next step of actor `who`. Return 0, BLOCKED or a fault.

    slots: layout.race_slot, the swap cache and the device. `prepare` must have been called.
    """
    actor = actors[who]
    kind = actor.kind
    if kind == ACTOR_USER:
        return user_step(mem, actor)
    if kind == ACTOR_FREE:
        return free_step(mem, actor)
    if kind == ACTOR_COMPACT:
        return compact_step(mem, actor)
    if kind == ACTOR_CMA:
        return cma_step(mem, actor)
    if kind == ACTOR_COUNTER:
        return counter_step(mem, actor)
    return perform_in_zswap(mem, actor, slots)


def prepare(actors: np.ndarray) -> None:
    """Compile the steps of actors, layout.actor (n,), for compiled code that runs them."""
    for kind in set(actors["kind"].tolist()):
        open_doors(RACE_DOORS + kind)
