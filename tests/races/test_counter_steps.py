"""Two processors lose an update of a counter, unless a lock protects it."""

import pytest

from zbudlab.layout import PG_LOCKED
from zbudlab.races import count, explore, explore_named, scenario


def test_an_unlocked_counter_loses_an_update():
    result = explore_named("counter")
    assert set(result.kinds) == {"lost update"}
    # of the six orders of two reads and two writes, four lose one
    assert (result.schedules, result.faults) == (6, 4)
    assert [step for _, step in result.shortest.steps] == ["read", "read", "write", "write"]


def test_a_locked_counter_loses_none():
    result = explore_named("counter-locked")
    assert (result.verdict, result.schedules) == ("clean", 2)


@pytest.mark.parametrize("locked", [False, True])
def test_three_processors(locked):
    machine = scenario("counter").machine("v2")
    result = explore(machine, [count(locked=locked)] * 3)
    assert result.verdict == ("clean" if locked else "faulty")


def test_processors_that_all_wait_are_a_deadlock():
    machine = scenario("counter").machine("v2")
    machine.state.pages[0]["page_flags"] |= PG_LOCKED  # and never unlocked
    result = explore(machine, [count(locked=True), count(locked=True)])
    assert set(result.kinds) == {"deadlock"}
    assert result.schedules == 1
