"""A schedule becomes the log of a machine, which the player shows and a file keeps."""

import pytest

from zbudlab import layout
from zbudlab.machine import ConfigError, MachineError
from zbudlab.races import explore, explore_named, replay, user


@pytest.fixture(scope="module")
def result():
    return explore_named("user-free-compact", merge=("isolate", "unmap"))


def test_the_history_ends_in_the_fault(result):
    history = result.play()
    steps = [history[stop] for stop in range(1, len(history) + 1)]
    assert [entry.arguments[0] for entry in steps if entry.name == "race_step"] == [
        *result.shortest.actors
    ]
    assert steps[-1].result == layout.FAULT_MOVED
    assert {entry.result for entry in steps if entry.name == "race_step"} == {0, steps[-1].result}
    assert "zbud_migrate_page" in history.explain(len(history)).sentence


def test_it_goes_back_and_forth(result):
    history = result.play()
    before, after = len(history) - 1, len(history)
    end = history.machine_at(after).digest()
    assert history.machine_at(before).digest() != end
    assert history.machine_at(after).digest() == end


def test_a_file_replays_exactly(result, tmp_path):
    result.save(tmp_path / "schedule.npz")
    again, history = replay(tmp_path / "schedule.npz"), result.play()
    assert again.machine_at(len(again)).digest() == history.machine_at(len(history)).digest()


@pytest.mark.parametrize("name", ["compact-cma", "user-user-compact-uncounted", "counter"])
def test_every_kind_of_actor_replays_exactly(name, tmp_path):
    found = explore_named(name)
    found.save(tmp_path / "schedule.npz")
    again = replay(tmp_path / "schedule.npz")
    end = again.machine_at(len(again))
    assert again[len(again)].result == found.shortest.fault
    assert end.digest() == found.play().machine_at(len(again)).digest()


def test_a_long_schedule_is_saved_too(tmp_path):
    result = explore_named("load-store-writeback-compact")
    assert len(result.shortest.actors) > 20
    result.save(tmp_path / "long.npz")
    assert len(replay(tmp_path / "long.npz")) > 20


def test_a_clean_result_has_nothing_to_play():
    with pytest.raises(ValueError, match="no schedule ends in a fault"):
        explore_named("user-free-compact", "v2-mended").play()


def test_wrong_operations_are_refused(result):
    machine = result.play().machine_at(1)
    with pytest.raises(MachineError, match="has no step left"):
        machine.operate("race_step", 5, 0, 0)
    with pytest.raises(MachineError, match="no handle 99"):
        machine.operate("race_content", 99, 1)
    with pytest.raises(MachineError, match="numbers for each actor"):
        machine.operate("race_actors", 1, 2)


class TestABrokenMachine:
    @pytest.fixture
    def broken(self, result):
        history = result.play()
        return history.machine_at(len(history))

    @pytest.mark.parametrize(
        "act",
        [
            lambda machine: machine.zbud_alloc(100),
            lambda machine: machine.compact(),
            lambda machine: machine.create_process(3),
            lambda machine: machine.operate("race_step", 0, 0, 0),
            lambda machine: machine.operate("race_actors", 1, 2),
        ],
    )
    def test_refuses_operations_in_a_sentence(self, broken, act):
        before = broken.digest()
        with pytest.raises(MachineError, match=r"broke this machine \(moved under"):
            act(broken)
        assert broken.digest() == before

    def test_can_be_looked_at(self, broken):
        assert broken.digest()
        assert broken.state.race_fault == layout.FAULT_MOVED
        broken.snapshot()

    def test_goes_back_to_before(self, result):
        history = result.play()
        machine = history.machine_at(len(history) - 1)
        before = machine.snapshot()
        who, kind, step = history[len(history)].arguments
        assert machine.operate("race_step", who, kind, step) == layout.FAULT_MOVED
        machine.restore(before)
        assert machine.operate("race_step", who, kind, step) == layout.FAULT_MOVED

    def test_is_not_explored_again(self, broken):
        with pytest.raises(ConfigError, match="a played schedule broke this machine"):
            explore(broken, [user(1)])
