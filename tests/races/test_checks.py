"""Numbers of actors are checked before compiled code uses them, from callers and from logs."""

import numpy as np
import pytest

from zbudlab import layout
from zbudlab.history import History
from zbudlab.machine import ConfigError, Machine, MachineError
from zbudlab.races import (
    Actor,
    Schedule,
    compact,
    explore,
    explore_named,
    free,
    invalidate,
    load,
    scenario,
    store,
    user,
    writeback,
)
from zbudlab.races.cast import cma_request, count
from zbudlab.races.checks import MOST_ACTORS, MOST_LISTS


@pytest.fixture(scope="module")
def result():
    """A result with faults, whose machine has one zbud page."""
    return explore_named("user-free-compact")


WRONG = {
    "5": (TypeError, "actors must be a list, not 5"),
    "'ab'": (TypeError, "actors must be a list, not 'ab'"),
    "[]": (ValueError, f"actors must be 1 to {MOST_ACTORS}, not 0"),
    "[user(1)] * 9": (ValueError, f"actors must be 1 to {MOST_ACTORS}, not 9"),
    "[None]": (TypeError, r"actors must be .*, not \[?None"),
    "[user(2**63)]": (ValueError, "handle of .* must be of 64 bits, not 9223372036854775808"),
    "[user('x')]": (TypeError, "handle of .* must be a whole number, not 'x'"),
    "[load(10**9)]": (ValueError, "slot of .* must be 0 to .*, not 1000000000"),
    "[load(-1)]": (ValueError, "slot of .* must be 0 to .*, not -1"),
    "[compact(64)]": (ValueError, "pfn of .* must be -1 to 63, not 64"),
    "[compact(63)]": (ValueError, "page frame 63 belongs to no pool"),
    "[compact(passes=10**6)]": (ValueError, "passes of .* must be 0 to 64, not 1000000"),
    "[compact(wait=5)]": (TypeError, "wait of .* must be True or False, not 5"),
    "[compact()] * 4": (ValueError, f"head of an actor must be 0 to {MOST_LISTS - 1}, not 3"),
    "[Actor('x', 99)]": (ValueError, "kind of 'x' must be 0 to 9, not 99"),
    "[Actor('x', 7)]": (ValueError, "kind of an actor must be one of 0, 1, .*, not 7"),
    "[Actor('x', 0, uncounted=2)]": (TypeError, "uncounted of 'x' must be True or False, not 2"),
    "[count(), free(1)]": (ValueError, "no handle 1 for a counter, or an actor frees it"),
    "[Actor('x', 9, 77)]": (ValueError, "no handle 77 for a counter, or an actor frees it"),
    "[cma_request(63)]": (ValueError, "page frame 63 belongs to no pool"),
    "[Actor(None, 0)]": (TypeError, "name must be a text, not None"),
}
NAMES = {each.__name__: each for each in (user, free, load, compact, count, cma_request, Actor)}


@pytest.mark.parametrize("actors", WRONG)
def test_actors_that_no_machine_has_are_refused(result, actors):
    error, said = WRONG[actors]
    with pytest.raises(error, match=said):
        explore(result.machine, eval(actors, NAMES))


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"preemptions": -1}, ValueError, "preemptions must be 0 to .*, not -1"),
        ({"preemptions": 1.5}, TypeError, "preemptions must be a whole number"),
        ({"seconds": float("nan")}, ValueError, "seconds must be 0 to inf, not nan"),
        ({"seed": -1}, ValueError, "seed must be 0 to"),
        ({"merge": ["isolate", []]}, TypeError, r"merge must be .*, not \['isolate', \[\]\]"),
        ({"merge": ["x"]}, ValueError, "merge must be one of isolate, unmap, not 'x'"),
    ],
)
def test_other_arguments(result, settings, error, said):
    with pytest.raises(error, match=said):
        explore(result.machine, [user(1)], **settings)


def test_a_machine_is_needed():
    with pytest.raises(TypeError, match="machine must be a Core, not 5"):
        explore(5, [user(1)])


@pytest.mark.parametrize("who", [3, -1, 2**70, None])
def test_a_schedule_of_other_actors_cannot_be_played(result, who):
    with pytest.raises(ValueError, match="an actor of the schedule must be"):
        result.play(Schedule((0, who), (), 1, 0))
    with pytest.raises(ValueError, match="an actor of the schedule must be"):
        result.schedule([0, who], 1)


def test_an_unknown_fault_is_refused(result):
    with pytest.raises(ValueError, match=r"fault must be 0 to 17, not 99"):
        result.schedule([0], 99)


def start(result):
    """Return the actors of a log, layout.actor (n,), and the machine before them."""
    history = result.play()
    number = next(n for n in range(1, len(history)) if history[n].name == "race_actors")
    words = np.array(history[number].arguments, np.int64)
    machine = Machine(result.machine.config)
    for stop in range(1, number):
        machine.operate(history[stop].name, *history[stop].arguments)
    return words.view(layout.actor).copy(), machine


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("kind", value) for value in (-1, layout.ACTOR_PROGRAM, 10, 2**40)),
        *(("pfn", value) for value in (-1, 64, 2**62)),
        *(("pool", value) for value in (-1, 99)),
        *(("slot", value) for value in (-1, 10**9)),
        *(("head", value) for value in (-1, MOST_LISTS)),
        *(("pc", value) for value in (-1, 10, 2**40)),
        *(("block", value) for value in (-1, 64)),
        *((name, 1) for name in ("new", "address", "failed", "entry", "tries", "handles")),
        ("next_handle", -1),
        ("merge", 4),
        ("passes", -1),
        ("wait", 2),
    ],
)
def test_actors_of_a_forged_log_are_refused(result, field, value):
    table, machine = start(result)
    table[field][0] = value
    before = machine.digest()
    with pytest.raises(MachineError, match=f"race_actors: {field} of an actor must be"):
        machine.operate("race_actors", *table.view(np.int64).tolist())
    assert machine.digest() == before


@pytest.mark.parametrize(("field", "value"), [("pc", 3), ("block", 8)])
def test_a_step_in_the_middle_is_no_start(result, field, value):
    table, machine = start(result)
    table[field][0] = value
    with pytest.raises(MachineError, match="race_actors: an actor of kind 0 cannot start at"):
        machine.operate("race_actors", *table.view(np.int64).tolist())


def test_a_compaction_of_a_forged_log_moves_only_pages_of_pools(result):
    table, machine = start(result)
    table["pfn"][table["kind"] == layout.ACTOR_COMPACT] = 63
    with pytest.raises(MachineError, match="race_actors: page frame 63 belongs to no pool"):
        machine.operate("race_actors", *table.view(np.int64).tolist())


def test_no_actors_and_too_many_are_refused(result):
    table, machine = start(result)
    for forged in (table[:0], np.repeat(table, 9)):
        with pytest.raises(MachineError, match="race_actors: actors must be 1 to"):
            machine.operate("race_actors", *forged.view(np.int64).tolist())


def test_what_is_explored_passes(result):
    assert isinstance(result.play(), History)
    for name in ("load-store-writeback-compact", "compact-compact"):
        chosen = scenario(name)
        found = explore(chosen.machine("v2"), chosen.actors, seconds=0)
        assert len(found.actors) == len(chosen.actors)


@pytest.mark.parametrize("allocator", ["zsmalloc", "z3fold"])
def test_other_allocators_are_refused_in_a_sentence(allocator):
    machine = Machine(frames=64, page_bytes=False, profile="6.1", zpool=allocator)
    machine.zbud_alloc(1000)
    before = machine.digest()
    with pytest.raises(ConfigError, match=f"explored for zbud, and .* uses {allocator}: use zpool"):
        explore(machine, [user(1), free(1), compact()])
    assert machine.digest() == before


@pytest.mark.parametrize("actor", [load(0), store(0), invalidate(0), writeback()])
def test_steps_of_a_later_zswap_are_not_known(actor):
    machine = Machine(frames=64, page_bytes=False, profile="6.1", swap_pages=4)
    machine.zbud_alloc(1000)
    with pytest.raises(ValueError, match=r"steps of .* are those of zswap in 3\.12, .* 6\.1 has"):
        explore(machine, [compact(), actor])
    assert explore(machine, [user(1), free(1), compact()]).verdict == "faulty"
