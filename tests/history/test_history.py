"""`History` reaches every moment of a log exactly, forwards and backwards.

Also tests `machine/keyframes.py`.
"""

import numpy as np
import pytest

from tests.history.machines import everything, header_with, many_operations, rewritten
from zbudlab import history
from zbudlab.machine import Machine
from zbudlab.machine.oplog import LogError


@pytest.fixture(scope="module")
def long_log(tmp_path_factory):
    """A machine's history with many keyframes, all its moments' digests, and its log's file."""
    machine = many_operations(500)
    past = history.History(machine, seconds=0.004)
    digests = [everything(past.machine_at(stop)) for stop in range(len(past) + 1)]
    path = tmp_path_factory.mktemp("log") / "log.npz"
    machine.save_log(path)
    return machine, past, digests, path


def test_a_write_of_unknown_content_is_refused():
    """A forged log names content that it does not have."""
    machine = Machine(frames=64)
    machine.write(machine.create_process(2), 0, b"x" * 4096)
    past = history.History(machine)
    del past.log.contents[0:]
    past.go_back(0)
    with pytest.raises(LogError, match="the log has no page content 0, which a write names"):
        past.machine_at(2)


class TestHistory:
    @pytest.mark.slow
    def test_a_thousand_random_stops_are_exact(self, long_log):
        machine, past, digests, _ = long_log
        assert len(past.keyframes) > 10
        assert digests[-1] == everything(machine)
        for stop in np.random.default_rng(5).integers(len(digests), size=1000).tolist():
            assert everything(past.machine_at(stop)) == digests[stop], stop

    @pytest.mark.parametrize("settings", [{"page_bytes": False}, {"checked": True}], ids=str)
    def test_other_machines_come_back_too(self, settings):
        past = history.History(many_operations(200, **settings), seconds=0.002)
        digests = [everything(past.machine_at(stop)) for stop in range(len(past) + 1)]
        for stop in np.random.default_rng(5).integers(len(digests), size=100).tolist():
            assert everything(past.machine_at(stop)) == digests[stop], stop

    def test_saved_keyframes_lead_everywhere_at_once(self, long_log, tmp_path, monkeypatch):
        _, past, digests, _ = long_log
        past.save(tmp_path / "with keyframes")
        again = history.History(tmp_path / "with keyframes")
        assert again.reached == len(again) == len(digests) - 1
        monkeypatch.setattr(again, "run", lambda entry: pytest.fail("ran an operation"))
        for stop in again.keyframes.stops[::3]:
            assert everything(again.machine_at(stop)) == digests[stop]

    def test_keyframes_taken_as_the_machine_runs_are_the_same_moments(self, long_log, tmp_path):
        machine = many_operations(500, keyframes=True, keyframe_seconds=0.004)
        machine.save_log(tmp_path / "log")
        past = history.History(tmp_path / "log")
        assert past.reached == len(past)
        assert len(past.keyframes) > 1
        for stop in (*past.keyframes.stops[:9], 77, len(past)):
            assert everything(past.machine_at(stop)) == long_log[2][stop]

    def test_a_file_without_keyframes_gets_them_as_it_is_run(self, long_log):
        past = history.History(long_log[3], seconds=0.004)
        assert past.reached == 0
        assert past.build(stop=40)
        assert 40 <= past.reached < len(past)
        assert everything(past.machine_at(30)) == long_log[2][30]
        assert past.build()
        assert past.reached == len(past)

    def test_follows_its_machine_and_goes_back_with_it(self):
        machine = many_operations(30)
        past = history.History(machine, seconds=0)
        before, snapshot = len(past), machine.snapshot()
        machine.reclaim(3)
        assert everything(past.machine_at(before + 1)) == everything(machine)
        machine.restore(snapshot)
        machine.zbud_alloc(700)
        assert len(past) == before + 1
        assert past[before + 1].name == "zbud_alloc"
        assert everything(past.machine_at(before + 1)) == everything(machine)

    def test_keyframes_of_a_machine_that_went_back_are_forgotten(self):
        machine = many_operations(60, keyframes=True)
        snapshot = machine.snapshot()
        machine.keyframes.seconds = 0
        machine.reclaim(3)
        machine.restore(snapshot)
        machine.zbud_alloc(700)
        past = history.History(machine)
        assert past.reached == len(past) == len(machine.log.places())
        assert everything(past.machine_at(len(past))) == everything(machine)

    def test_without_content_it_plays_without_page_bytes(self, long_log, tmp_path):
        machine = long_log[0]
        machine.save_log(tmp_path / "log", content=False)
        past = history.History(tmp_path / "log")
        again = past.machine_at(len(past))
        assert not again.config.page_bytes
        assert np.array_equal(again.state.pages, machine.state.pages)

    @pytest.mark.parametrize("kind", history.KINDS)
    def test_finds_every_event_and_no_other(self, long_log, kind):
        past = long_log[1]
        happened = []
        for stop in range(1, len(past) + 1):
            before = everyday(past.machine_at(stop - 1))
            after = everyday(past.machine_at(stop))
            entries = [past[stop], *past.steps(stop)]
            if {
                "-EAGAIN": any(entry.result == -11 for entry in entries),
                "migration": after["moved"] > before["moved"],
                "reject": after["rejected"] > before["rejected"],
                "writeback": after["written_back"] > before["written_back"],
                "merge": merged(before["free"], after["free"]),
            }[kind]:
                happened.append(stop)
        assert happened or kind == "-EAGAIN"
        found, stop = [], 0
        while (stop := past.find(kind, stop)) is not None:
            found.append(stop)
        assert found == happened
        back, stop = [], len(past) + 1
        while (stop := past.find(kind, stop, -1)) is not None:
            back.append(stop)
        assert back == happened[::-1]

    def test_finds_events_where_the_log_was_not_run_yet(self, long_log):
        past = history.History(long_log[3])
        first = past.find("reject", 0)
        assert first == long_log[1].find("reject", 0)
        assert first <= past.reached

    def test_refuses_stops_and_kinds_that_are_not_there(self, long_log):
        past = long_log[1]
        for stop in (-1, len(past) + 1):
            with pytest.raises(IndexError, match=f"no stop {stop}: this log has {len(past)}"):
                past.machine_at(stop)
        with pytest.raises(IndexError, match="no stop 0"):
            past[0]
        with pytest.raises(ValueError, match=r"kind must be one of -EAGAIN, .* not 'crash'"):
            past.find("crash", 0)

    def test_names_an_operation_that_answers_otherwise(self, saved):
        _, path = saved
        rewritten(path, result=lambda results: np.where(results == 20, 19, results))
        past = history.History(path)
        with pytest.raises(LogError, match=r"operation 2, write: answered 19 .* 20 now"):
            past.machine_at(3)

    def test_a_log_of_format_1_is_read(self, saved):
        machine, path = saved
        rewritten(path, header=header_with(format=1))
        assert everything(history.History(path).machine_at(3)) == everything(machine)


def everyday(machine):
    """Figures of a machine that tell what an operation did."""
    counters = machine.swap.counters()
    return {
        "moved": machine.paging.events["pgmigrate_success"],
        "rejected": sum(count for name, count in counters.items() if name.startswith("reject")),
        "written_back": counters["written_back_pages"],
        "free": machine.state.zone["nr_free"].tolist(),
    }


def merged(before, after):
    """Whether there are fewer free blocks of some order, and more of a higher one."""
    changes = [new - old for old, new in zip(before, after, strict=True)]
    return any(
        changes[low] < 0 < changes[high] for high in range(len(changes)) for low in range(high)
    )


def test_a_page_that_was_never_compressed_has_no_length(tmp_path):
    machine = Machine(frames=1024, threads=1)
    machine.write(machine.create_process(4), 0, np.full((2, 4096), 7, np.uint8))
    machine.save_log(tmp_path / "log.npz", content=False)
    past = history.History(tmp_path / "log.npz")
    assert past.machine_at(len(past)).config.page_bytes is False
    assert past[2].arguments == [0, 0, 0, 0]


class TestOutside:
    """A stop, part or keyframe that a log does not have."""

    @pytest.fixture
    def past(self):
        machine = Machine(frames=256, threads=1)
        machine.touch(machine.create_process(4), range(4))
        return history.History(machine)

    @pytest.mark.parametrize("name", ["machine_at", "explain", "steps", "inside", "__getitem__"])
    @pytest.mark.parametrize("stop", [-1, 3, 10**15])
    def test_no_such_stop(self, past, name, stop):
        with pytest.raises(ValueError, match=f"there is no stop {stop}: this log has 2 operations"):
            getattr(past, name)(stop)

    def test_of_a_wrong_kind(self, past):
        with pytest.raises(TypeError, match="stop must be a whole number, not '1'"):
            past.machine_at("1")
        with pytest.raises(ValueError, match="there is no keyframe 7: this log has 0 to 0"):
            past.go_back(7)
        with pytest.raises(IndexError):  # as sequences have it
            past[3]
