"""Keyframes of machines with zsmalloc and z3fold: proved, and restored; forged ones are found.

Also tests `machine/piles.py`.
"""

import numpy as np
import pytest

from tests.machine.machines import small
from zbudlab import layout
from zbudlab.content import corpus
from zbudlab.history import History
from zbudlab.machine import pool_chains, proof
from zbudlab.machine.piles import Broken, check_disjoint, pile

POOLS = {
    "zsmalloc": {"profile": "6.1", "zpool": "zsmalloc"},
    "z3fold": {"profile": "6.1", "zpool": "z3fold"},
    "7.3": {"profile": "7.3"},
}


def worked(name, **settings):
    """A machine with objects allocated and freed, in a table with free records."""
    machine = small(max_pool_percent=20, **POOLS[name], **settings)
    groups = {"cgroup": machine.create_cgroup(zswap_max=40)} if name == "7.3" else {}
    process = machine.create_process(1200, **groups)
    pages = corpus.pages("mixed", 1200)
    machine.write(process, 0, pages)
    machine.read(process, 0, 400)
    machine.compact()
    assert (machine.read(process, 200, 300) == pages[200:500]).all()
    return machine


@pytest.mark.parametrize("name", POOLS)
def test_a_file_with_keyframes_gives_every_moment_again(name, tmp_path):
    machine = worked(name, keyframes=True, keyframe_seconds=0)
    machine.save_log(tmp_path / "log")
    past = History(tmp_path / "log")
    last = len(past)
    assert len(past.keyframes.stops) > 2
    assert past.machine_at(last).digest() == machine.digest()
    assert past.machine_at(2).digest() != machine.digest()
    assert past.machine_at(last).digest() == machine.digest()


@pytest.fixture(scope="module")
def machines():
    made = {name: worked(name, log=False) for name in POOLS}
    return {name: (machine, machine.snapshot()) for name, machine in made.items()}


def listed(state):
    """A zspage on a list."""
    return int(
        state.pages["index"][state.pages["mapcount"] == layout.PAGE_ZSMALLOC_MAPCOUNT_VALUE][0]
    )


def record(state):
    """A record of a page of z3fold that is on a list by free chunks."""
    used = np.flatnonzero(state.z3folds["owner"])
    return int(used[state.z3folds["next"][used, layout.BUDDY] != used][0])


def used_handle(state):
    return int(np.flatnonzero(state.handles > 0)[0])


def set_(array, field, where, value):
    """Return a change of one field of a record."""

    def change(state):
        at = where(state) if callable(where) else where
        getattr(state, array)[field][at] = value

    return change


def swap_links(state):
    at = listed(state)
    state.zspages["prev"][int(state.zspages["next"][at, 0]), 0] = at ^ 1


def free_twice(state):
    arena = state.arenas[0]
    at = int(arena["free_handle"]) or used_handle(state)
    arena["free_handle"] = at
    state.handles[at] = -1 - at


def lose_a_run(state):
    state.zspages["first_object"][listed(state)] += 1


def other_pool(state):
    pages = state.pages["mapcount"] == layout.PAGE_ZSMALLOC_MAPCOUNT_VALUE
    state.pages["private"][np.flatnonzero(pages)[0]] = 1


#: Machine, change, and what is said of it.
FORGED = {
    "class of a zspage": (
        "zsmalloc",
        set_("zspages", "size_class", listed, 9999),
        "size_class must",
    ),
    "frame of a zspage": (
        "zsmalloc",
        set_("zspages", "chain", listed, 1 << 20),
        "zspage, frame must",
    ),
    "another frame": ("zsmalloc", set_("zspages", "chain", listed, 3), "name each other"),
    "rule": ("7.3", set_("pools", "chain_size", 0, 16), "pools.chain_size is not that"),
    "objects of a class": (
        "zsmalloc",
        set_("size_classes", "objs_per_zspage", 5, 200),
        "size_classes.objs_per_zspage is not that",
    ),
    "list": ("zsmalloc", swap_links, "linked both ways"),
    "free runs": ("zsmalloc", set_("arenas", "free_objects", (0, 3), 1), "zsmalloc's"),
    "words": ("zsmalloc", lose_a_run, "belong to two zspages or none"),
    "pool of a page": ("zsmalloc", other_pool, "of another pool"),
    "count": ("7.3", set_("arenas", "nr_zspages", 0, 1), "zspages are on lists"),
    "handles in a circle": ("zsmalloc", free_twice, "handles"),
    "place of a handle": (
        "zsmalloc",
        lambda state: state.handles.__setitem__(used_handle(state), 1 << 60),
        "handle, frame must",
    ),
    "handles in use": ("z3fold", set_("arenas", "nr_handles", 0, 3), "leads nowhere"),
    "record of a frame": ("z3fold", set_("z3folds", "pfn", record, 5), "name each other"),
    "owner": ("z3fold", set_("z3folds", "owner", record, 2), "of no page of its pool"),
    "link": ("z3fold", set_("z3folds", "next", record, 1 << 30), "page of z3fold, next must"),
    "chunks": ("z3fold", set_("z3folds", "chunks", record, 200), "page of z3fold, chunks must"),
    "cgroup of a process": ("7.3", set_("processes", "cgroup", 0, 70), "process, cgroup must"),
    "parent": ("7.3", set_("cgroups", "parent", 1, 1), "the parent of a cgroup less its number"),
    "list of entries": ("7.3", set_("lrus", "next", 0, 1 << 30), "list record, next must"),
    "pool of an entry": ("7.3", set_("lrus", "pool", 70, 200), "list record, pool must"),
    "current pool": ("7.3", set_("zswaps", "current_pool", 0, 1), "zswaps.current_pool is not"),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_number_is_found_before_compiled_code_takes_it(machines, name):
    which, change, sentence = FORGED[name]
    machine, as_it_was = machines[which]
    before = proof.constants(machine)
    assert proof.fault_of(machine, before) == ""
    try:
        change(machine.state)
        assert sentence in proof.fault_of(machine, before)
    finally:
        machine.restore(as_it_was)


def test_a_machine_with_zbud_has_nothing_to_follow():
    machine = small()
    pool_chains.follow(machine.state, machine.config.frames)
    assert machine.state.arenas["unused_handle"][0] == 1


def test_a_pile_ends_and_shares_nothing():
    following = np.array([0, 3, 0, 2, 1])
    assert pile(1, following, 5, "records") == [1, 3, 2]
    check_disjoint([4], [1, 3, 2], 5, "records")
    for first, chain, never, why in (
        (1, [0, 9, 0], 3, "leads to 9"),
        (1, [0, 2, 1], 3, "leads to 2"),
        (1, [0, 0], 7, "7 of 2"),
        (1, [0, -4, 0], 3, "leads to -4"),
    ):
        with pytest.raises(Broken, match=why):
            pile(first, np.array(chain), never, "records")
    with pytest.raises(Broken, match="used twice"):
        check_disjoint([1, 1], [2], 4, "records")
