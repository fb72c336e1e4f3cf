"""What z3fold's pages hold, on a whole machine; test_zpool_reader.py tests the rest."""

import numpy as np

from tests.mm.pressed import pool_pages, pressed
from zbudlab import layout
from zbudlab.mm import zpool, zpool_reader


def test_its_pages_are_allocated_among_unmovable_ones():
    made, _ = pressed("z3fold", pageblock_order=4)
    state = made.state
    types = state.blocks["migratetype"][pool_pages(made) >> 4]
    assert not zpool.zpool_malloc_support_movable(state.mem, 0)
    assert np.count_nonzero(types == layout.MIGRATE_UNMOVABLE) > len(types) / 2


def test_parts_of_pages_are_their_objects():
    made, _ = pressed("z3fold")
    pages = pool_pages(made)
    parts = zpool_reader.page_parts(made.state, pages)
    names = (layout.PART_FIRST, layout.PART_MIDDLE, layout.PART_LAST)
    found = made.state.z3folds[made.state.pages["index"][pages]]
    whole = found["page_state"] & layout.Z3FOLD_PAGE_HEADLESS != 0
    assert np.all(parts[whole] == layout.PART_FIRST)
    assert np.all(parts[~whole, :2] == layout.PART_HEADER)
    for buddy, part in enumerate(names, layout.Z3FOLD_FIRST):
        count = np.count_nonzero(parts[~whole] == part, axis=1)
        assert np.array_equal(count, found["chunks"][~whole, buddy])
    assert np.any(parts == layout.PART_MIDDLE)
