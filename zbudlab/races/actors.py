"""One step of one actor: what it does, made comparable, and checked."""

from zbudlab.jit import kernel
from zbudlab.layout import ACTOR_COMPACT, ACTOR_FREE, ACTOR_USER
from zbudlab.races.steps import compact_step, free_step, user_step


@kernel(inline=False)
def perform(mem, actors, who):
    """Run the next step of actor `who`. Return 0, BLOCKED or a fault."""
    actor = actors[who]
    kind = actor.kind
    if kind == ACTOR_USER:
        return user_step(mem, actor)
    if kind == ACTOR_FREE:
        return free_step(mem, actor)
    if kind == ACTOR_COMPACT:
        return compact_step(mem, actor)
    return 0
