"""A saved log makes the same machine again, or says in a sentence why it cannot."""

import json

import numpy as np
import pytest

from zbudlab import corpus, history
from zbudlab.machine import Machine
from zbudlab.oplog import FORMAT, LogError, OperationLog

SETTINGS = [
    {},
    {"zbud": "plain"},
    {"profile": "3.12"},
    {"profile": "6.1"},
    {"zswap": False},
    {"compressor": "zstd"},
    {"max_pool_percent": 2},
]


def worked(**settings):
    """A machine with a bit of everything behind it."""
    machine = Machine(frames=2048, min_free=16, cma_pages=1024, threads=1, **settings)
    processes = [machine.create_process(400) for _ in range(7)]
    for seed, process in enumerate(processes):
        machine.write(process, 0, corpus.pages("mixed", 380, seed))
        machine.touch(process, range(370, 400), write=True)
    machine.exit(processes[1])
    machine.read(processes[0], 0, 100)
    machine.pin(machine.alloc_pages(0, "movable"))
    machine.zbud_map(machine.zbud_alloc(100))
    machine.compact()
    machine.set_max_pool_percent(10)
    machine.reclaim(50)
    for attempt in (1024, 1536):
        try:
            machine.alloc_contig_range(attempt, attempt + 512)
        except OSError:
            continue
        machine.free_contig_range(attempt, attempt + 512)
    machine.check()
    return machine


@pytest.fixture
def saved(tmp_path):
    """A small machine, and the file with its log."""
    machine = Machine(frames=64)
    process = machine.create_process(20)
    machine.write(process, 0, corpus.pages("text", 20))
    machine.reclaim(8)
    machine.save_log(tmp_path / "log")
    return machine, tmp_path / "log"


def rewritten(path, **changes):
    """The same log file with some of its arrays changed."""
    with np.load(path) as file:
        arrays = dict(file)
    for name, change in changes.items():
        arrays[name] = change(arrays[name])
    with open(path, "wb") as file:
        np.savez(file, **{name: array for name, array in arrays.items() if array is not None})


def header_with(**values):
    def change(array):
        header = json.loads(array.tobytes()) | values
        return np.frombuffer(json.dumps(header).encode(), np.uint8)

    return change


class TestReplay:
    @pytest.mark.parametrize("settings", SETTINGS, ids=str)
    def test_gives_the_same_machine(self, tmp_path, settings):
        machine = worked(**settings)
        machine.save_log(tmp_path / "log")
        again = history.replayed(tmp_path / "log")
        assert again.digest() == machine.digest()
        assert again.swap.counters() == machine.swap.counters()
        assert dict(again.paging.events) == dict(machine.paging.events)
        assert list(again.log) == list(machine.log)

    @pytest.mark.parametrize("settings", SETTINGS, ids=str)
    def test_without_content_gives_the_same_struct_pages(self, tmp_path, settings):
        machine = worked(**settings)
        machine.save_log(tmp_path / "log", content=False)
        log, _ = OperationLog.load(tmp_path / "log")
        assert not any(log.contents)
        machines = [step[3] for step in history.replay(tmp_path / "log")]
        again = machines[-1]
        assert not again.config.page_bytes
        assert np.array_equal(again.state.pages, machine.state.pages)
        assert again.swap.counters() == machine.swap.counters()

    def test_of_a_replay_is_the_same_again(self, tmp_path, saved):
        machine, path = saved
        history.replayed(path).save_log(tmp_path / "second")
        assert history.replayed(tmp_path / "second").digest() == machine.digest()

    def test_tells_each_operation_and_its_answer(self, saved):
        _, path = saved
        told = [(place, entry.name, answer) for place, entry, answer, _ in history.replay(path)]
        assert told == [(1, "create_process", 0), (2, "write", 20), (3, "reclaim", told[2][2])]
        assert told[2][2] >= 8

    def test_includes_what_was_refused(self, tmp_path):
        machine = Machine(frames=64, swap_pages=0)
        process = machine.create_process(100)
        with pytest.raises(OSError, match="no memory"):
            machine.touch(process, range(100))
        machine.save_log(tmp_path / "log")
        assert history.replayed(tmp_path / "log").digest() == machine.digest()

    def test_needs_no_compressor(self, saved, monkeypatch):
        machine, path = saved

        def never(self, page):
            raise AssertionError("a replay compressed a page")

        monkeypatch.setattr("zbudlab.compressors._Lz4.compress", never)
        assert history.replayed(path).digest() == machine.digest()


class TestRefused:
    def test_a_changed_answer_is_named(self, saved):
        _, path = saved
        rewritten(path, result=lambda results: np.where(results == 20, 19, results))
        with pytest.raises(LogError, match=r"operation 2, write .* answered 19 .* 20 now"):
            history.replayed(path)

    def test_another_format_is_named(self, saved):
        _, path = saved
        rewritten(path, header=header_with(format=FORMAT + 1, zbudlab="9.9"))
        with pytest.raises(LogError, match=f"log format {FORMAT + 1}.* reads {FORMAT} .*9\\.9"):
            history.replayed(path)

    def test_an_operation_that_is_none_is_named(self, saved):
        _, path = saved
        names = json.loads(np.load(path)["header"].tobytes())["names"]
        names[names.index("reclaim")] = "explode"
        rewritten(path, header=header_with(names=names))
        with pytest.raises(LogError, match="operation 3, 'explode'"):
            history.replayed(path)

    def test_an_unknown_setting_is_named(self, saved):
        _, path = saved
        rewritten(path, header=header_with(config={"frames": 64, "colour": "red"}))
        with pytest.raises(ValueError, match="colour"):
            history.replayed(path)

    @pytest.mark.parametrize(
        "damage",
        [
            lambda data: b"",
            lambda data: b"not a log at all " * 50,
            lambda data: data[: len(data) // 2],
            lambda data: data[: len(data) // 2] + b"\xff\x00\xff\x00" + data[len(data) // 2 + 4 :],
            lambda data: data[100:],
        ],
        ids=["empty", "text", "cut off", "overwritten", "beheaded"],
    )
    def test_damage_is_told(self, saved, damage):
        _, path = saved
        path.write_bytes(damage(path.read_bytes()))
        with pytest.raises(LogError, match=f"{path.name} is no log of operations, or a damaged"):
            history.replayed(path)

    @pytest.mark.parametrize("name", ["header", "arguments", "compressed_lengths"])
    def test_a_lost_part_is_told(self, saved, name):
        _, path = saved
        rewritten(path, **{name: lambda array: None})
        with pytest.raises(LogError, match="damaged"):
            history.replayed(path)

    def test_arrays_of_something_else_are_told(self, tmp_path):
        np.save(tmp_path / "a.npy", np.zeros(3))
        with pytest.raises(LogError, match="no log"):
            history.replayed(tmp_path / "a.npy")

    def test_a_missing_file_is_told(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="nothing"):
            history.replayed(tmp_path / "nothing")

    def test_a_machine_without_a_log_saves_none(self, tmp_path):
        with pytest.raises(OSError, match="log=True"):
            Machine(frames=64, log=False).save_log(tmp_path / "log")
        assert not list(tmp_path.iterdir())


class TestLog:
    def test_holds_operations_with_their_steps(self):
        machine = Machine(frames=64)
        process = machine.create_process(3)
        machine.touch(process, [0, 2])
        *_, touch, step = machine.log
        assert (touch.depth, touch.name, touch.arguments) == (0, "touch", [process, 0, 0, 2])
        assert touch.result == 2
        assert (step.depth, step.name) == (1, "memory.handle_mm_faults")

    def test_keeps_a_page_once(self):
        machine = Machine(frames=64)
        process = machine.create_process(8)
        machine.write(process, 0, np.tile(corpus.pages("text", 2), (4, 1)))
        assert len(machine.log.contents) == 2

    def test_stays_whole_when_a_number_is_refused(self, tmp_path):
        machine = Machine(frames=64)
        with pytest.raises(OverflowError):
            machine.zbud_free(1 << 70)
        machine.zbud_alloc(10)
        machine.save_log(tmp_path / "log")
        assert history.replayed(tmp_path / "log").digest() == machine.digest()
