"""C with our layout leaves the same bytes as our loops."""

from functools import partial

import numpy as np
import pytest

from benchmarks import drivers, reference
from benchmarks.machines import machine
from zbudlab import layout
from zbudlab.mm.compaction import WHOLE_ZONE, compact_zone_order, rescan
from zbudlab.mm.inspection import arrays
from zbudlab.mm.zbud import zbud_alloc, zbud_free

FRAMES = 4096
LIVE = 900
TURNS = 3000

needs_c = pytest.mark.skipif(not reference.available(), reason="no C compiler here")


def bytes_of(state):
    return {name: array.tobytes() for name, array in arrays(state).items()}


def both(page_bytes):
    """Our machine, and its like with the C that works on it."""
    make = partial(machine, FRAMES, layout.ZBUD_SERIES, nodes=4000, page_bytes=page_bytes)
    ours = make()
    return ours, reference.Alike(make())


@needs_c
def test_c_alike_leaves_the_same_bytes_after_a_churn():
    ours, alike = both(page_bytes=True)
    draw = np.random.default_rng(5)
    slots = draw.integers(0, LIVE, TURNS).astype(np.int32)
    sizes = draw.integers(1, layout.ZBUD_MAX_SIZE + 1, TURNS).astype(np.int32)
    held, same = np.zeros(LIVE, np.int64), np.zeros(LIVE, np.int64)
    for slot, size in zip(slots, sizes.tolist(), strict=True):
        if held[slot]:
            zbud_free(ours.mem, 0, held[slot])
        held[slot] = zbud_alloc(ours.mem, 0, size, layout.MIGRATE_MOVABLE)
    alike.churn_series(same, slots, sizes, TURNS)
    assert held.tolist() == same.tolist()
    assert bytes_of(alike.state) == bytes_of(ours)
    total = drivers.migrate.py_func(ours.mem, held, slots)
    assert alike.migrate(same, slots, TURNS) == total
    assert bytes_of(alike.state) == bytes_of(ours)


@needs_c
def test_c_alike_leaves_the_same_bytes_after_compaction():
    ours, alike = both(page_bytes=False)
    order = np.random.default_rng(6).permutation(np.arange(1, FRAMES))
    held, same = np.zeros(LIVE, np.int64), np.zeros(LIVE, np.int64)
    pages = 2 * LIVE // 3
    drivers.scatter.py_func(ours.mem, held, order, pages)
    alike.scatter_metadata(same, order, len(order), pages)
    assert bytes_of(alike.state) == bytes_of(ours)
    moves, control = np.zeros(FRAMES, layout.migration), np.zeros(1, layout.compact_control)
    rescan(ours.mem)
    compact_zone_order(ours.mem, moves, control, WHOLE_ZONE, layout.MIGRATE_MOVABLE, 1)
    moved = control[0]["migrated"]
    assert moved > pages // 4
    assert alike.compact_metadata() == moved
    assert bytes_of(alike.state) == bytes_of(ours)
