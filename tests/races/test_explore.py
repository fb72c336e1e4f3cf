"""Every schedule of the ready scenarios is run, and the races of the series are found.

Also tests `races/search.py`, `races/steps.py`, `races/oracles.py`, `races/paths.py`,
`races/actors.py`, `races/result.py`, `races/image.py`, `races/scenarios.py`, `races/names.py`,
`races/zswap_steps.py`, `races/writeback_steps.py`, `layout/races.py`, `races/drawing.py`,
`races/walk.py`, `races/cast.py`.
"""

import numpy as np
import pytest

from zbudlab.machine import ConfigError, Machine
from zbudlab.races import compact, explore, explore_named, free, scenario, user, walk


def run_depth_first(result, most):
    """Run every schedule one by one. Return how many there are, and how many are faulty."""
    result.image.words[:] = result.search.root
    saved = np.zeros((200, len(result.image.words)), np.int64)
    counts = np.zeros(3, np.int64)
    assert walk.run_all(
        result.image.mem, result.search, saved, np.zeros(200, np.int64), counts, most
    )
    return counts[walk.SCHEDULES], counts[walk.FAULTY]


#: More states than are expanded before the first look at the clock.
CROWD = [*(user(handle) for handle in (1, 1, 2, 2)), free(1), compact(passes=2), compact(passes=2)]
BOTH = ("isolate", "unmap")

#: scenario, profile, merged steps: states, schedules, kinds of faults
TABLE = [
    ("user-free-compact", "v2", BOTH, 98, 1185, {"moved under its mapper"}),
    ("user-free-compact", "v2-mended", BOTH, 98, 1530, set()),
    (
        *("user-free-compact", "v2", ("isolate",), 128, 4278),
        {"moved under its mapper", "stale header"},
    ),
    ("user-free-compact", "v2-mended", ("isolate",), 124, 5193, set()),
    ("user-user-compact", "v2", ("isolate",), 492, 20_598_550, set()),
    (
        *("user-user-compact-uncounted", "v2", BOTH, 144, 11_060),
        {"moved under its mapper"},
    ),
    ("free-free-compact", "v2", (), 47, 110, {"reference from zero", "emptied page moved"}),
    ("free-free-compact", "v2", ("isolate",), 43, 90, {"emptied page moved"}),
    ("compact-compact", "v2", ("isolate",), 320, 6118, None),
]


@pytest.mark.parametrize(("name", "profile", "merge", "states", "schedules", "kinds"), TABLE)
def test_the_table_of_races(name, profile, merge, states, schedules, kinds):
    result = explore_named(name, profile, merge=merge)
    assert (result.states, result.schedules) == (states, schedules)
    assert result.complete
    if kinds is None:
        assert "one page on two lists" in result.kinds
    else:
        assert set(result.kinds) == kinds
    assert result.verdict == ("clean" if kinds == set() else "faulty")
    assert result.faults == sum(result.kinds.values())


@pytest.mark.parametrize(
    "name", ["user-free-compact", "user-user-compact", "free-free-compact", "compact-compact"]
)
def test_the_mended_form_is_clean_in_every_schedule(name):
    result = explore_named(name, "v2-mended")
    assert (result.verdict, result.faults, result.shortest) == ("clean", 0, None)
    assert result.schedules > 100


#: With a guard against fault 4 alone: scenario, merged steps, states, kinds of faults.
GUARDED = [
    ("writeback-compact", ("isolate", "unmap"), 299, set()),
    ("load-store-writeback-compact", ("isolate",), 50_124, set()),
    (
        *("load-invalidate-writeback-compact-compact", (), 86_500),
        {"reference from zero", "one page on two lists"},
    ),
]


@pytest.mark.parametrize(("name", "merge", "states", "kinds"), GUARDED)
def test_a_guard_against_emptied_pages_leaves_the_other_faults(name, merge, states, kinds):
    chosen = scenario(name)
    machine = chosen.machine("v2")
    machine.state.zswaps["refuse_emptied_page"] = 1
    result = explore(machine, chosen.actors, merge=merge, seconds=60)
    assert (result.complete, result.states, set(result.kinds)) == (True, states, kinds)


#: Scenarios of zswap: kinds of faults of v2; states and schedules of both profiles
ZSWAP = {
    "writeback-compact": {"reference from zero", "emptied page moved"},
    "load-compact": set(),
    "load-store-writeback-compact": {"reference from zero", "emptied page moved"},
    "load-invalidate-writeback": set(),
}


@pytest.mark.parametrize("name", ZSWAP)
def test_zswap_meets_the_races_of_zbud_and_none_when_mended(name):
    posted = explore_named(name, seconds=60)
    assert posted.complete
    assert set(posted.kinds) == ZSWAP[name]
    mended = explore_named(name, "v2-mended", seconds=60)
    assert (mended.verdict, mended.complete) == ("clean", True)


def test_five_actors_with_two_compactions():
    name = "load-invalidate-writeback-compact-compact"
    assert "one page on two lists" in explore_named(name, seconds=60).kinds
    assert explore_named(name, "v2-mended", seconds=60).verdict == "clean"


class TestTheShortestFault:
    def test_is_that_of_the_series(self):
        result = explore_named("user-free-compact", merge=BOTH)
        assert result.shortest.actors == (0, 1, 2, 2, 2, 2, 2)
        assert [step for _, step in result.shortest.steps] == [
            *("zbud_map", "zbud_free"),
            *("isolate (look)", "alloc_pages", "page_count", "lock_page", "zbud_migrate_page"),
        ]
        assert result.fewest_switches.preemptions == 1
        assert "old frame" in result.shortest.why

    def test_needs_no_preemption_less(self):
        merge = {"merge": BOTH}
        machine = explore_named("user-free-compact", **merge).machine
        actors = user(1), free(1), compact()
        assert explore(machine, actors, preemptions=0, **merge).verdict == "incomplete"
        bounded = explore(machine, actors, preemptions=1, **merge)
        assert bounded.verdict == "faulty"
        assert not bounded.complete
        assert bounded.schedules < 1185


class TestExplore:
    def test_leaves_the_machine_as_it_is(self):
        result = explore_named("user-free-compact")
        before = result.machine.digest()
        explore(result.machine, [user(1), free(1), compact()])
        assert result.machine.digest() == before

    def test_says_when_it_had_no_time(self):
        machine = explore_named("user-free-compact").machine
        result = explore(machine, CROWD, seconds=0)
        assert not result.complete
        assert result.drawn.schedules >= 100
        assert result.verdict == "faulty"
        assert "random schedules" in str(result)

    def test_random_schedules_repeat_by_seed(self):
        machine = explore_named("user-free-compact").machine
        drawn = [explore(machine, CROWD, seconds=0, seed=seed).drawn for seed in (1, 1, 2)]
        assert drawn[0] == drawn[1] != drawn[2]
        assert drawn[0].faulty > 0
        path, fault = drawn[0].paths[0]
        assert explore(machine, CROWD, seconds=0).schedule(list(path), fault).fault == fault

    def test_depth_first_without_hashing_runs_as_many_schedules(self):
        result = explore_named("user-free-compact", merge=BOTH)
        assert run_depth_first(result, 10**6) == (1185, 85)

    def test_refuses_a_machine_with_page_bytes(self):
        with pytest.raises(ConfigError, match="without page bytes"):
            explore(Machine(frames=64), [user(1)])

    def test_knows_its_scenarios(self):
        with pytest.raises(ValueError, match="user-free-compact"):
            explore_named("user-user")

    def test_two_compactions_that_wait_for_the_lock(self):
        machine = explore_named("compact-compact").machine
        waiting = explore(machine, [compact(wait=True), compact(wait=True)], merge=("isolate",))
        assert waiting.schedules != 6118
        assert waiting.complete
