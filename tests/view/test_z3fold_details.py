"""The inspector's words for pages of z3fold, and maps of machines with other allocators."""

import numpy as np
import pytest

from zbudlab import layout
from zbudlab.machine import Machine
from zbudlab.mm import zpool
from zbudlab.view import details, maps, palette
from zbudlab.view.framemap import FrameMap


@pytest.fixture
def machine():
    """A machine with a page of three objects and one without header."""
    made = Machine(frames=256, profile="6.1", zpool="z3fold", page_bytes=False)
    for size in (1000, 1000, 500, 4000):
        made.state.reserve_objects(1)
        zpool.zpool_malloc(made.state.mem, 0, size, layout.MIGRATE_UNMOVABLE)
    return made


def frame(machine, handle):
    return int(machine.state.handles[handle]) >> layout.OBJ_INDEX_BITS


def test_a_sentence(machine):
    assert "z3fold, 16 + 8 + 16 chunks used, 1 reference, LRU place 2" in details.words(
        machine, frame(machine, 1)
    )
    whole = details.words(machine, frame(machine, 4))
    assert "z3fold, one object in a page without header, 1 reference, LRU place 1" in whole


def test_all_details(machine):
    zpool.zpool_free(machine.state.mem, 0, 1)
    parts = dict(details.details(machine, frame(machine, 2))["parts"])
    assert parts["objects"] == [
        ("middle", "handle 3, 8 chunks"),
        ("last", "handle 2, 16 chunks"),
    ]
    lists = dict(parts["lists"])
    assert "place 1 of 1" in lists["unbuddied list, 38 free chunks"]
    assert lists["LRU"] == f"place 2 of 2, between pfn {frame(machine, 4)} and the head"


def test_the_faults_are_told(machine):
    for _ in range(4):
        zpool.zpool_map_handle(machine.state.mem, 0, 3)
    number = int(machine.state.pages["index"][frame(machine, 3)])
    rows = dict(dict(details.details(machine, frame(machine, 3))["parts"])[f"z3fold page {number}"])
    assert rows["mapped_count"] == "0 (two bits: 6.1 sees 0 of 4 mappings)"
    assert "middle object mapped" in rows["page_state"]


def test_a_foreign_object_and_a_freed_page(machine):
    state = machine.state
    state.reserve_objects(1)
    alone = int(zpool.zpool_malloc(state.mem, 0, 700, layout.MIGRATE_UNMOVABLE))
    left = frame(machine, alone)
    machine.pin(left)
    zpool.zpool_free(state.mem, 0, 1)
    state.reserve_objects(1)
    other = int(zpool.zpool_malloc(state.mem, 0, 2800, layout.MIGRATE_UNMOVABLE))
    zpool.zpool_free(state.mem, 0, other)
    zpool.zpool_run_work(state.mem)
    assert frame(machine, alone) != left
    told = dict(details.details(machine, frame(machine, alone))["parts"])
    assert "foreign: it came from another page" in dict(told["objects"])["first"]
    assert "z3fold, freed" in details.words(machine, left)


def test_the_legend_names_the_allocator():
    for name in ("z3fold", "zsmalloc"):
        machine = Machine(frames=256, profile="6.1", zpool=name, page_bytes=False, log=False)
        live = FrameMap(machine)
        words = [kind["words"] for kind in live.look["kinds"]]
        assert [f"{name}, with room", f"{name}, full"] == [
            words[kind] for kind in layout.POOL_KINDS
        ]
        assert ("middle" in live.look["chunk_words"]) == (name == "z3fold")
        counts = np.ones(len(palette.KINDS), int)
        assert f"1 {name}, full" in details.summary(machine, counts)


def test_machines_with_different_allocators_share_words():
    zbud = list(layout.FRAME_KINDS)
    assert maps.pool_words({"zbud"}) == zbud
    assert "zsmalloc, full" in maps.pool_words({"zsmalloc"})
    assert "full pool page" in maps.pool_words({"zbud", "zsmalloc"})
