"""One step of one actor, whatever it does."""

from zbudlab.jit import kernel
from zbudlab.layout import (
    ACTOR_CMA,
    ACTOR_COMPACT,
    ACTOR_COUNTER,
    ACTOR_FREE,
    ACTOR_INVALIDATE,
    ACTOR_LOAD,
    ACTOR_STORE,
    ACTOR_USER,
)
from zbudlab.races.cma_steps import cma_step
from zbudlab.races.counter_steps import counter_step
from zbudlab.races.steps import compact_step, free_step, user_step
from zbudlab.races.writeback_steps import writeback_step
from zbudlab.races.zswap_steps import invalidate_step, load_step, store_step


@kernel(inline=False)
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

    slots: layout.race_slot, the swap cache and the device.
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
