"""A saved log makes the same machine again, or says in a sentence why it cannot."""

import contextlib
import hashlib
import json

import numpy as np
import pytest

from zbudlab import history
from zbudlab.content import corpus
from zbudlab.machine import Machine, MachineError, distinct, snapshots
from zbudlab.machine.oplog import FORMAT, LogError, OperationLog

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

        monkeypatch.setattr("zbudlab.content.compressors._Lz4.compress", never)
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

    def test_a_log_too_large_for_this_computer_is_refused(self, tmp_path, monkeypatch):
        many_operations(20).save_log(tmp_path / "log.npz")
        monkeypatch.setattr("zbudlab.machine.oplog.host_memory", lambda: 1 << 10)
        with pytest.raises(LogError, match=r"log.npz takes \d+ MiB of memory to open.* 0 MiB left"):
            OperationLog.load(tmp_path / "log.npz")

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
        with pytest.raises(MachineError, match="handle must be"):
            machine.zbud_free(1 << 70)
        machine.zbud_alloc(10)
        machine.save_log(tmp_path / "log")
        assert history.replayed(tmp_path / "log").digest() == machine.digest()


def everything(machine):
    """SHA-256 of all arrays byte for byte, gaps in records included, and of all other values."""
    digest = hashlib.sha256()
    for owner, part in snapshots.parts(machine).items():
        for name, value in sorted(part.items()):
            digest.update(f"{owner}.{name}".encode())
            if isinstance(value, np.ndarray):
                digest.update(np.ascontiguousarray(value).view(np.uint8).data)
            elif name == "pages" and owner != "state":  # content by slot
                for slot, page in sorted(value.items()):
                    digest.update(b"%d" % slot)
                    digest.update(page if isinstance(page, bytes) else repr(page).encode())
            else:
                digest.update(repr(value).encode())
    return digest.hexdigest()


def many_operations(count, **settings):
    """A machine that has done so many operations of all kinds, small ones mostly."""
    machine = Machine(frames=256, pageblock_order=5, max_pool_percent=30, threads=1, **settings)
    rng = np.random.default_rng(11)
    pages = corpus.pages("mixed", 60)
    processes, handles = [machine.create_process(90) for _ in range(4)], []
    acts = {
        "touch": lambda: machine.touch(rng.choice(processes), rng.integers(90, size=2), write=True),
        "write": lambda: write(rng.choice(processes), int(rng.integers(89))),
        "alloc": lambda: handles.append(machine.zbud_alloc(int(rng.integers(1, 3900)))),
        "free": lambda: handles and machine.zbud_free(handles.pop(rng.integers(len(handles)))),
        "map": lambda: handles and machine.zbud_map(handles[-1]),
        "reclaim": lambda: machine.reclaim(3),
        "block": lambda: machine.free_pages(machine.alloc_pages(int(rng.integers(3)), "movable")),
        "compact": machine.compact,
        "new": lambda: (
            machine.exit(processes.pop(0)),
            processes.append(machine.create_process(90)),
        ),
    }

    def write(process, first):
        if machine.config.page_bytes:
            machine.write(process, first, pages[rng.integers(60, size=2)])
        else:
            machine.write(process, first, rng.integers(100, 4000, size=2))

    weights = np.array([9, 6, 4, 3, 0.3, 2, 2, 0.4, 0.4])
    for act in rng.choice(list(acts), size=count, p=weights / weights.sum()):
        with contextlib.suppress(OSError):
            acts[act]()
    return machine


@pytest.fixture(scope="module")
def long_log(tmp_path_factory):
    """A machine's history with many keyframes, all its moments' digests, and its log's file."""
    machine = many_operations(500)
    past = history.History(machine, seconds=0.004)
    digests = [everything(past.machine_at(stop)) for stop in range(len(past) + 1)]
    path = tmp_path_factory.mktemp("log") / "log.npz"
    machine.save_log(path)
    return machine, past, digests, path


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


def test_distinct_rows_are_told_apart_though_their_hashes_are_equal(monkeypatch):
    monkeypatch.setattr(distinct, "_hashes", lambda rows: np.zeros(len(rows), np.uint64))
    kept = distinct.DistinctRows()
    rows = np.random.default_rng(1).integers(3, size=(50, 64)).astype(np.uint8)
    for some in (rows[:20], rows, rows[::-1]):
        assert (kept.data[kept.numbers(some)] == some).all()
