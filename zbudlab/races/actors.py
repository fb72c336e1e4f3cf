"""One step of one actor, whatever it does."""

from zbudlab.jit import kernel
from zbudlab.layout import (
    ACTOR_COMPACT,
    ACTOR_FREE,
    ACTOR_INVALIDATE,
    ACTOR_LOAD,
    ACTOR_STORE,
    ACTOR_USER,
)
from zbudlab.races.steps import compact_step, free_step, user_step
from zbudlab.races.writeback_steps import writeback_step
from zbudlab.races.zswap_steps import invalidate_step, load_step, store_step


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
    if kind == ACTOR_LOAD:
        return load_step(mem, actor, slots)
    if kind == ACTOR_STORE:
        return store_step(mem, actor, slots)
    if kind == ACTOR_INVALIDATE:
        return invalidate_step(mem, actor, slots)
    return writeback_step(mem, actor, slots)
