"""What exercises see of a pool of zsmalloc, compared with what its functions say of it."""

import numpy as np

from zbudlab.conformance.frame_stack import stack_of_frames
from zbudlab.conformance.zspages import MOST, ZspagesView
from zbudlab.layout import LRU, MIGRATE_MOVABLE, ZPOOL_ZSMALLOC
from zbudlab.mm import zsmalloc
from zbudlab.profiles import zsmalloc_rules


def pool(sizes, freed=()):
    """Return a state with objects of these sizes, some freed again, and the view of its pool."""
    state = stack_of_frames(64, pools=2)
    state.create_pool(1, 0, ZPOOL_ZSMALLOC, zsmalloc_rules("7.3"))
    state.reserve_objects(len(sizes))
    for size in sizes:
        assert zsmalloc.zs_malloc(state.mem, 1, size, MIGRATE_MOVABLE) > 0
    for handle in freed:
        assert zsmalloc.zs_free(state.mem, 1, handle) == 0
    return state, ZspagesView(state, 1)


def test_large_classes_and_full_groups_come_first():
    _, view = pool([1016] * 5 + [2712] * 2)
    shown = view.snapshot()
    assert [(z["size"], z["group"], z["objects"]) for z in shown["zspages"]] == [
        (2720, 7, [6, 7, 0]),
        (1024, 11, [1, 2, 3, 4]),
        (1024, 3, [5, 0, 0, 0]),
    ]
    assert shown["objects"] == {"1024": [5, 8], "2720": [2, 3]}
    assert shown["pages"] == 4


def test_free_objects_are_in_the_order_of_their_stack():
    _, view = pool([1016] * 4, freed=(2, 4, 1))
    (entry,) = view.snapshot()["zspages"]
    assert entry["objects"] == [0, 0, 3, 0]
    assert entry["free"] == [0, 3, 1]


def test_places_name_the_frame_in_which_an_object_starts():
    _, view = pool([2712] * 3)
    (entry,) = view.snapshot()["zspages"]
    first, second = entry["frames"]
    assert view.places() == {"1": [first, 0], "2": [first, 1], "3": [second, 2]}


def test_damaged_records_are_read_to_an_end():
    state, view = pool([1016] * 2)
    (zs,) = view.listed()
    state.zspages["next"][zs, LRU] = zs
    assert len(view.listed()) == MOST
    state.objects[:] = np.uint32(0)
    assert view.free_objects(zs)[0] == 2
    assert len(view.free_objects(zs)) <= 4
