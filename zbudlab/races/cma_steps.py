"""Steps of a CMA request, which isolates a pageblock and moves the page in it away.

The pageblock has the movable type, which alloc_contig_range treats like that of a CMA area: a CMA
area consists of whole blocks of 1,024 frames, more than an explored machine has. A request that
finds the range free would take it; here it gives it back under the same lock, which leaves no
trace. The steps in between are those of a compaction.

Source: mm/page_alloc.c, alloc_contig_range (v3.12.9).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import MIGRATE_MOVABLE
from zbudlab.mm.page_isolation import (
    set_migratetype_isolate,
    test_pages_isolated,
    unset_migratetype_isolate,
)
from zbudlab.races.steps import COMPACT_LOOK, COMPACT_PUT_SECOND, DONE, compact_step, finish

CMA_ISOLATE = 9  #: the first step of a request, after those that it shares with a compaction
CMA_TEST = 10
CMA_UNDO = 11


@kernel(inline=False)
def cma_step(mem, actor):
    """Isolate a pageblock, move the page in it away, check whether the range is free, and undo."""
    pc = np.int64(actor.pc)
    block = np.int64(actor.block)
    fault = 0
    if pc <= COMPACT_PUT_SECOND:
        fault = compact_step(mem, actor)
        if actor.pc == DONE:
            actor.pc = CMA_TEST
    elif pc == CMA_ISOLATE:
        set_migratetype_isolate(mem, block)
        actor.pc = COMPACT_LOOK
    elif pc == CMA_TEST:
        end = block + (1 << mem.zones[0].pageblock_order)
        actor.failed = not test_pages_isolated(mem.pages, block, end)
        actor.pc = CMA_UNDO
    else:
        unset_migratetype_isolate(mem, block, MIGRATE_MOVABLE)
        finish(actor)
    return fault
