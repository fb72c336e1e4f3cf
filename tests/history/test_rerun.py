"""A saved log makes the same machine again; a bad one is refused in a sentence."""

import json

import numpy as np
import pytest

from tests.history.machines import header_with, many_operations, rewritten, worked
from zbudlab import history
from zbudlab.machine import Machine
from zbudlab.machine.oplog import FORMAT, LogError, OperationLog

SETTINGS = [
    {},
    {"zbud": "plain"},
    {"profile": "3.12"},
    {"profile": "6.1"},
    {"profile": "6.1", "zpool": "z3fold"},
    {"profile": "6.1", "zpool": "zsmalloc"},
    {"profile": "7.3"},
    {"zswap": False},
    {"compressor": "zstd"},
    {"max_pool_percent": 2},
]


class TestReplay:
    @pytest.mark.parametrize("settings", SETTINGS, ids=str)
    def test_gives_the_same_machine(self, tmp_path, settings):
        machine = worked(**settings)
        machine.save_log(tmp_path / "log")
        again = history.rerun_to_end(tmp_path / "log")
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
        machines = [step[3] for step in history.rerun(tmp_path / "log")]
        again = machines[-1]
        assert not again.config.page_bytes
        assert np.array_equal(again.state.pages, machine.state.pages)
        assert again.swap.counters() == machine.swap.counters()

    def test_of_a_replay_is_the_same_again(self, tmp_path, saved):
        machine, path = saved
        history.rerun_to_end(path).save_log(tmp_path / "second")
        assert history.rerun_to_end(tmp_path / "second").digest() == machine.digest()

    def test_yields_each_operation_and_its_answer(self, saved):
        _, path = saved
        answers = [(place, entry.name, answer) for place, entry, answer, _ in history.rerun(path)]
        assert answers == [
            (1, "create_process", 0),
            (2, "write", 20),
            (3, "reclaim", answers[2][2]),
        ]
        assert answers[2][2] >= 8

    def test_includes_what_was_refused(self, tmp_path):
        machine = Machine(frames=64, swap_pages=0)
        process = machine.create_process(100)
        with pytest.raises(OSError, match="no memory"):
            machine.touch(process, range(100))
        machine.save_log(tmp_path / "log")
        assert history.rerun_to_end(tmp_path / "log").digest() == machine.digest()

    def test_needs_no_compressor(self, saved, monkeypatch):
        machine, path = saved

        def never(self, page):
            raise AssertionError("a replay compressed a page")

        monkeypatch.setattr("zbudlab.content.compressors._Lz4.compress", never)
        assert history.rerun_to_end(path).digest() == machine.digest()


class TestRefused:
    def test_a_changed_answer_is_named(self, saved):
        _, path = saved
        rewritten(path, result=lambda results: np.where(results == 20, 19, results))
        with pytest.raises(LogError, match=r"operation 2, write .* answered 19 .* 20 now"):
            history.rerun_to_end(path)

    def test_another_format_is_named(self, saved):
        _, path = saved
        rewritten(path, header=header_with(format=FORMAT + 1, zbudlab="9.9"))
        with pytest.raises(LogError, match=f"log format {FORMAT + 1}.* reads {FORMAT} .*9\\.9"):
            history.rerun_to_end(path)

    def test_an_operation_that_is_none_is_named(self, saved):
        _, path = saved
        names = json.loads(np.load(path)["header"].tobytes())["names"]
        names[names.index("reclaim")] = "explode"
        rewritten(path, header=header_with(names=names))
        with pytest.raises(LogError, match="operation 3 has the unknown name 'explode'"):
            history.rerun_to_end(path)

    def test_an_unknown_setting_is_named(self, saved):
        _, path = saved
        rewritten(path, header=header_with(config={"frames": 64, "colour": "red"}))
        with pytest.raises(ValueError, match="colour"):
            history.rerun_to_end(path)

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
    def test_damage_is_reported(self, saved, damage):
        _, path = saved
        path.write_bytes(damage(path.read_bytes()))
        with pytest.raises(
            LogError, match=f"{path.name} is not a log of operations, or is damaged"
        ):
            history.rerun_to_end(path)

    @pytest.mark.parametrize("name", ["header", "arguments", "compressed_lengths"])
    def test_a_lost_part_is_reported(self, saved, name):
        _, path = saved
        rewritten(path, **{name: lambda array: None})
        with pytest.raises(LogError, match="damaged"):
            history.rerun_to_end(path)

    def test_a_log_too_large_for_this_computer_is_refused(self, tmp_path, monkeypatch):
        many_operations(20).save_log(tmp_path / "log.npz")
        monkeypatch.setattr("zbudlab.machine.logfile.host_memory", lambda: 1 << 10)
        with pytest.raises(LogError, match=r"log.npz takes \d+ MiB of memory to open.* 0 MiB left"):
            OperationLog.load(tmp_path / "log.npz")

    def test_other_arrays_are_refused(self, tmp_path):
        np.save(tmp_path / "a.npy", np.zeros(3))
        with pytest.raises(LogError, match="not a log"):
            history.rerun_to_end(tmp_path / "a.npy")

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="nothing"):
            history.rerun_to_end(tmp_path / "nothing")

    def test_a_machine_without_a_log_saves_none(self, tmp_path):
        with pytest.raises(OSError, match="log=True"):
            Machine(frames=64, log=False).save_log(tmp_path / "log")
        assert not list(tmp_path.iterdir())
