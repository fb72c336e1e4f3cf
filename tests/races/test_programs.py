"""Actors written as generators run as the ready ones do."""

import pytest

from zbudlab.machine.core import LAB_POOL
from zbudlab.mm.zbud import zbud_free, zbud_map, zbud_unmap
from zbudlab.races import compact, explore, explore_named, free, user


def mapper():
    address = yield zbud_map, LAB_POOL, 1
    if address:
        yield zbud_unmap, LAB_POOL, 1


def freer():
    yield zbud_free, LAB_POOL, 1


def idle():
    yield from ()


@pytest.fixture(scope="module")
def machines():
    names = ("v2", "v2-mended")
    return {name: explore_named("user-free-compact", name).machine for name in names}


def test_a_generator_meets_the_race_of_the_series(machines):
    result = explore(machines["v2"], [mapper, freer, compact()], merge=("isolate", "unmap"))
    assert set(result.kinds) == {"moved under its mapper"}
    assert [step for _, step in result.shortest.steps][:2] == ["zbud_map", "zbud_free"]
    assert result.fewest_switches.preemptions == 1


def test_mended_it_is_clean(machines):
    result = explore(machines["v2-mended"], [mapper, freer, compact()], merge=("isolate",))
    assert (result.verdict, result.faults) == ("clean", 0)


def test_a_generator_that_frees_is_a_ready_actor_that_frees(machines):
    ready = explore(machines["v2"], [user(1), free(1), compact()])
    written = explore(machines["v2"], [user(1), freer, compact()])
    assert (written.states, written.schedules) == (ready.states, ready.schedules)


def test_unmap_is_two_steps_unless_merged(machines):
    two = explore(machines["v2"], [mapper, freer, compact()])
    one = explore(machines["v2"], [mapper, freer, compact()], merge=("unmap",))
    assert "stale header" in two.kinds
    assert "stale header" not in one.kinds


def test_a_generator_without_requests_has_finished(machines):
    assert explore(machines["v2"], [idle, freer]).schedules == 1


def test_generators_are_not_played_and_not_bounded(machines):
    with pytest.raises(ValueError, match="preemptions"):
        explore(machines["v2"], [mapper], preemptions=1)
    with pytest.raises(ValueError, match="cannot be played"):
        explore(machines["v2"], [mapper, freer, compact()]).play()
