"""Steps of a processor that adds one to a shared counter: the smallest race there is.

The counter is the first word of an object. With `wait` set, the page's lock protects it.
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import BLOCKED, FAULT_LOST_UPDATE
from zbudlab.mm.page import trylock_page, unlock_page
from zbudlab.mm.zbud_zpool import zbud_object_address, zbud_read_word, zbud_write_word
from zbudlab.races.steps import finish

COUNTER_LOCK = 0
COUNTER_READ = 1
COUNTER_WRITE = 2
COUNTER_UNLOCK = 3


@kernel
def counter_write(mem, actor, address):
    """Write what was read plus one. A fault if the counter has changed meanwhile."""
    if zbud_read_word(mem, actor.pool, address) != actor.word:
        return FAULT_LOST_UPDATE
    zbud_write_word(mem, actor.pool, address, actor.word + 1)
    actor.pc = COUNTER_UNLOCK
    if not actor.wait:
        finish(actor)
    return 0


@kernel(inline=False)
def counter_step(mem, actor):
    """Read the counter and write it plus one, with or without the page's lock."""
    pc = np.int64(actor.pc)
    pfn = np.int64(actor.pfn)
    address = zbud_object_address(mem, actor.pool, np.int64(actor.handle))
    if pc == COUNTER_LOCK:
        if not trylock_page(mem.pages[pfn]):
            return BLOCKED
        actor.pc = COUNTER_READ
    elif pc == COUNTER_READ:
        actor.word = zbud_read_word(mem, actor.pool, address)
        actor.pc = COUNTER_WRITE
    elif pc == COUNTER_WRITE:
        return counter_write(mem, actor, address)
    else:
        unlock_page(mem.pages[pfn])
        finish(actor)
    return 0
