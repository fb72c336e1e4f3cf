"""Faults planted in the kernels are found, each by some schedule.

Two classical mistakes are harmless in this cut into steps, which a test shows: what happens under
one lock is one step, so no schedule can tell in which order `zbud_migrate_page` copies and counts,
or drops the old references and replaces the slots. Others are planted in their place.
"""

import inspect
import textwrap

import pytest

from zbudlab import jit, layout
from zbudlab.mm import list_head, migrate, page, zbud, zbud_header, zbud_migrate, zswap_entry
from zbudlab.races import SCENARIOS, compact, explore, free, invalidate, load, user, writeback
from zbudlab.races.scenarios import shared_page, two_pages
from zbudlab.races.steps import put_isolated
from zbudlab.races.zswap_steps import invalidate_step

MIGRATE = zbud_migrate.zbud_migrate_page
COUNT = """    if page_count(mem.pages[old]) != expected_references(header):
        return -EAGAIN
"""
COPY = "    copy_highpage(mem.frames, new, old)\n"
SECOND = "    failed |= move_handle(mem, pool, np.int64(header.last_handle), new, old)\n"


def changed(kernel, *changes):
    """Return a kernel's function with pieces of its source replaced, to run uncompiled."""
    source = textwrap.dedent(inspect.getsource(kernel.py_func))
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    source = source[source.index("def ") :]
    compiled = {id(each) for each in jit.KERNELS.values()}
    everything = {**vars(list_head), **vars(zbud_header), **vars(page), **vars(layout)}
    names = {
        name: jit.on_plain_arrays(value) if id(value) in compiled else value
        for name, value in {**everything, **kernel.py_func.__globals__}.items()
    }
    exec(source, names)
    return names[kernel.py_func.__name__]


def found(machine, actors, functions):
    """Return the kinds of faults of all schedules with these functions, and the verdict."""
    with machine.replaced(**functions):
        result = explore(machine, actors, merge=("isolate", "unmap"), seconds=120)
        assert result.complete
        return set(result.kinds), result.verdict


def mended():
    return shared_page("v2-mended")


USERS = (user(1), user(1), compact())
PLANTED = {
    "no count check": (
        mended,
        USERS,
        {"zbud_migrate_page": changed(MIGRATE, (COUNT, ""))},
        "moved under its mapper",
    ),
    "second handle forgotten": (
        mended,
        (user(2), compact()),
        {"zbud_migrate_page": changed(MIGRATE, (SECOND, ""))},
        "broken invariant",
    ),
    "isolation's reference dropped twice": (
        mended,
        (user(1), compact()),
        {
            "put_isolated": changed(
                put_isolated,
                (
                    "        zbud_putback_page(mem, pfn)\n",
                    "        zbud_putback_page(mem, pfn)\n        zbud_putback_page(mem, pfn)\n",
                ),
            )
        },
        "broken invariant",
    ),
    "LRU put at the head": (
        lambda: two_pages("v2-mended"),
        (user(1), compact(0)),
        {
            "zbud_migrate_page": changed(
                MIGRATE,
                (
                    "    list_replace(mem.rows, LRU, old_row, new_row)\n",
                    "    list_replace(mem.rows, LRU, old_row, new_row)\n"
                    "    list_move(mem.rows, LRU, new_row, pool_list(pool, LRU_LIST))\n",
                ),
            )
        },
        "order of the lists",
    ),
    "no page lock": (
        mended,
        (user(1), compact()),
        {"lock_both": lambda pages, new, old: True},
        "unlocked page changed",
    ),
    "map count copied twice": (
        mended,
        USERS,
        {
            "zbud_migrate_page": changed(
                MIGRATE,
                (
                    COPY,
                    COPY + "    mem.rows[new_row].first_map_count += header.first_map_count\n",
                ),
            )
        },
        "broken invariant",
    ),
    "unlock too early": (
        mended,
        (user(1), compact()),
        {
            "lock_both": changed(
                migrate.lock_both,
                ("    return True\n", "    unlock_page(pages[old])\n    return True\n"),
            )
        },
        "unlocked page changed",
    ),
    "writeback without the entry's reference": (
        lambda: SCENARIOS["writeback-compact"].machine("v2-mended"),
        (writeback(), invalidate(0)),
        {
            "zswap_entry_find_get": changed(
                zswap_entry.zswap_entry_find_get,
                ("        mem.entries[number].refcount += 1\n", "        pass\n"),
            )
        },
        "entry used after it was freed",
    ),
    "load after invalidate": (
        lambda: SCENARIOS["writeback-compact"].machine("v2-mended"),
        (load(0), invalidate(0), writeback()),
        {
            "invalidate_step": changed(
                invalidate_step,
                ("    if slots[actor.slot].cached:\n        return BLOCKED\n", ""),
            )
        },
        "entry used after it was freed",
    ),
    "freed while mapped, and off the tree": (
        mended,
        (user(1), free(1)),
        {
            "zbud_free": changed(
                zbud.zbud_free, ("change_map_count(header, buddy, -1) > 0", "False")
            )
        },
        "freed under its mapper",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(name):
    machine, actors, functions, kind = PLANTED[name]
    kinds, verdict = found(machine(), actors, functions)
    assert verdict == "faulty"
    assert kind in kinds


HARMLESS = {
    "copy before counting": changed(MIGRATE, (COPY, ""), (COUNT, COPY + COUNT)),
    "put before the slots are replaced": changed(
        zbud_migrate.move_handle,
        ("    mem.pages[old].refcount -= 1\n", ""),
        ("    slot = ", "    mem.pages[old].refcount -= 1\n    slot = "),
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_an_order_within_one_lock_is_harmless(name):
    function = HARMLESS[name]
    assert found(mended(), USERS, {function.__name__: function}) == (set(), "clean")
