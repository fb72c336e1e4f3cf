"""Sweeps: the same table whoever runs it, and nothing finished is lost, whatever dies."""

import asyncio
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import psutil
import pytest

from tests import sweep_experiments as experiments
from zbudlab.cli import command_line as cli
from zbudlab.sweep import (
    SweepError,
    SweepInterrupted,
    chunks,
    over_time,
    parts,
    points,
    read_table,
    sweep,
)
from zbudlab.sweep import run as sweep_run
from zbudlab.sweep.chunks import LEAST, TARGET, Sizer
from zbudlab.sweep.executors import process_pool, told_to_the_end, workers_of
from zbudlab.sweep.work import run_chunk

ROOT = Path(__file__).resolve().parent.parent
GRID = {"a": range(5), "b": [1.5, 2]}
MACHINES = {"frames": [512, 1024], "share": [0.5, 1.5]}


def untimed(table):
    return table.drop(columns="seconds")


def runs(folder):
    """How often each point was run to its end, by the files that `noted` leaves."""
    files = [path for path in Path(folder).iterdir() if path.name[0].isdigit()]
    return {path.name: len(path.read_text().splitlines()) for path in files}


class Backwards(Executor):
    """Keeps tasks back and runs the newest first, a thread each."""

    _max_workers = 4

    def __init__(self):
        self.pool = ThreadPoolExecutor(4)
        self.kept = []
        self.chance = random.Random(1)

    def submit(self, function, /, *arguments):
        future = Future()
        self.kept.append((future, function, arguments))
        if len(self.kept) == 8 or self.chance.random() < 0.5:
            for waiting in reversed(self.kept):
                self.pool.submit(self._run, *waiting)
            self.kept.clear()
        else:
            self.pool.submit(self._flush)
        return future

    def _flush(self):
        time.sleep(0.01)
        while self.kept:
            self._run(*self.kept.pop())

    def _run(self, future, function, arguments):
        future.set_running_or_notify_cancel()
        future.set_result(function(*arguments))


class TestTable:
    def test_a_row_for_every_point_in_the_order_of_the_grid(self):
        table = sweep(experiments.product, GRID, seeds=[7, 2])
        assert len(table) == 5 * 2 * 2
        assert table["a"].tolist() == np.repeat(range(5), 4).tolist()
        assert table["b"].tolist() == [1.5, 1.5, 2, 2] * 5
        assert table["seed"].tolist() == [7, 2] * 10
        assert (table["x"] == table["a"] * table["b"] + table["seed"]).all()
        assert (table["zbudlab"] == points.__version__).all()
        assert (table["seconds"] > 0).all()

    def test_a_failing_point_is_recorded_and_the_others_go_on(self):
        table = sweep(experiments.product, GRID, seeds=2)
        failed = table[table["error"].notna()]
        assert failed[["a", "seed"]].to_numpy().tolist() == [[3, 1], [3, 1]]
        assert (failed["error"] == "ValueError: no threes").all()
        assert failed["x"].isna().all()
        assert table["x"].notna().sum() == len(table) - 2

    @pytest.mark.parametrize("case", ["exits", "no number", "half a character", "a path"])
    def test_what_else_a_point_may_do_stops_no_other(self, tmp_path, case):
        def experiment(a, *, seed):
            if a != 1:
                return {"x": a}
            if case == "exits":
                sys.exit("no memory file")
            if case == "a path":
                raise FileNotFoundError("no \udcff here")
            return {"x": np.complex128(1) if case == "no number" else "\udcff"}

        table = sweep(experiment, {"a": range(3)}, out=tmp_path / "t.parquet")
        assert table["error"].notna().tolist() == [False, True, False]
        assert table["x"].dropna().tolist() == [0, 2]

    def test_values_over_time_become_rows(self):
        long = over_time(sweep(experiments.product, {"a": [2, 4], "b": 1}))
        assert long[["a", "moment", "until"]].to_numpy().tolist() == [
            [2, 0, 0],
            [2, 1, 1],
            *[[4, i, i] for i in range(4)],
        ]
        with pytest.raises(SweepError, match="no column has values over time"):
            over_time(sweep(experiments.small_machine, {"frames": 512, "share": 0.5}))

    def test_what_is_on_disk_is_what_was_returned(self, tmp_path):
        table = sweep(experiments.product, GRID, seeds=2, out=tmp_path / "t.parquet")
        pd.testing.assert_frame_equal(table, pd.read_parquet(tmp_path / "t.parquet"))
        assert os.listdir(tmp_path) == ["t.parquet"]
        header = read_table(tmp_path / "t.parquet")[1]
        assert header["grid"] == {"a": [0, 1, 2, 3, 4], "b": [1.5, 2]}
        assert header["experiment"] == "tests.sweep_experiments:product"

    def test_tables_and_mixed_values_are_parameters_too(self):
        def experiment(mixture, limit, *, seed):
            return {"parts": len(mixture), "limited": limit is not None}

        grid = {"mixture": [{"text": 1}, {"zero": 1, "text": 2}], "limit": [None, 5, "no"]}
        table = sweep(experiment, grid)
        assert table["parts"].tolist() == [1, 1, 1, 2, 2, 2]
        assert table["mixture"][0] == '{"text":1}'
        assert table["limit"].tolist()[1:3] == ["5", "no"]

    def test_an_experiment_with_a_batch_form_is_asked_for_many_at_once(self):
        def one(a, *, seed):
            return {"x": a + seed}

        sizes = []

        def batch(asked):
            sizes.append(len(asked))
            if any(point["a"] == 7 for point in asked):
                raise ValueError("not seven")
            return [one(**point) for point in asked]

        one.batch = batch
        table = sweep(one, {"a": range(100)}, seeds=3)
        assert table["x"].tolist() == [a + seed for a in range(100) for seed in range(3)]
        assert max(sizes) > 10  # and those with 7 were run one by one

    def test_chunks_are_long_enough_to_be_sent_and_short_enough_to_share(self):
        sizer = Sizer(workers=4)
        assert sizer.next_size(1000) == 1
        for _ in range(20):
            sizer.note(sizer.next_size(10**5), 0.001 * sizer.next_size(10**5))
        assert sizer.next_size(10**5) == round(TARGET / 0.001)
        assert sizer.next_size(800) == 100  # two for each worker are left
        assert sizer.next_size(60) == round(LEAST / 0.001)
        assert sizer.next_size(3) == 3
        sizer.note(1, 100)
        assert sizer.next_size(1000) == 1


@pytest.fixture(scope="module")
def here():
    """The table of small machines as this process makes it."""
    return sweep(experiments.small_machine, MACHINES, seeds=4)


class TestExecutors:
    """The table is the same, bit for bit, whatever ran it in whatever order."""

    def test_it_is_about_something(self, here):
        assert here["error"].isna().all()
        assert here["stored_pages"].nunique() > 4

    def same(self, here, executor):
        table = sweep(experiments.small_machine, MACHINES, seeds=4, executor=executor)
        pd.testing.assert_frame_equal(untimed(table), untimed(here), check_exact=True)

    def test_threads_in_another_order(self, here):
        self.same(here, Backwards())

    def test_fresh_processes(self, here):
        with process_pool(2) as executor:
            assert workers_of(executor) == 2
            self.same(here, executor)

    def test_loky(self, here):
        loky = pytest.importorskip("loky")
        executor = loky.ProcessPoolExecutor(2)
        try:
            self.same(here, executor)
        finally:
            executor.shutdown(kill_workers=True)

    def test_dask(self, here):
        distributed = pytest.importorskip("distributed")
        with (
            distributed.LocalCluster(
                1, threads_per_worker=2, dashboard_address=None, processes=False
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            client.wait_for_workers(1, timeout=30)
            executor = client.get_executor()
            assert workers_of(executor) == 2
            self.same(here, executor)


class TestWhatDies:
    def test_a_killed_worker_takes_no_other_point_with_it(self, tmp_path):
        table = sweep(
            experiments.deadly,
            {"folder": str(tmp_path), "number": range(8)},
            executor=lambda: process_pool(2),
        )
        dead = table[table["error"].notna()]
        assert dead["number"].tolist() == [3]
        assert "WorkerDied" in dead["error"].iloc[0]
        assert table["double"].dropna().tolist() == [0, 2, 4, 8, 10, 12, 14]

    def test_with_an_executor_of_ones_own_it_stops_and_resumes(self, tmp_path):
        (tmp_path / "met").touch()
        grid = {"folder": str(tmp_path), "number": [0, 1, 2, 3, 4]}
        out = tmp_path / "t.parquet"
        with (
            process_pool(1) as executor,
            pytest.raises(SweepInterrupted, match=r"executor is broken.* of 5 points are done"),
        ):
            sweep(experiments.deadly, grid, executor=executor, out=out)
        before = runs(tmp_path)
        kept = len(list((tmp_path / "t.parquet.parts").glob("*.json"))) - 1
        assert 0 < kept <= len(before) <= 3

    def test_a_task_of_dask_that_its_own_executor_would_forget_is_told(self):
        """Its result was lost with its worker, and the next workers died: gathering raises."""

        class KilledWorker(Exception):
            pass

        cluster = FakeDask(lambda keys: KilledWorker("4 workers died"))
        future = told_to_the_end(cluster.executor).submit(run_chunk, experiments.product, [])
        assert isinstance(future.exception(timeout=10), KilledWorker)
        assert cluster.pure == [False]  # or a second try would be answered by the first's failure

    def test_whoever_shared_workers_with_a_deadly_point_is_not_blamed(self):
        """Dask blames all tasks of a dead worker; the last of them to be told is innocent."""

        class KilledWorker(Exception):
            pass

        cluster = FakeDask(
            lambda points: (
                KilledWorker() if 3 in [p["a"] for p in points] or cluster.young else None
            )
        )
        table = sweep(experiments.product, {"a": [3, 4], "b": 1}, executor=cluster.executor)
        assert table["a"][table["error"].notna()].tolist() == [3]
        assert table["error"].str.startswith("WorkerDied")[0]

    def test_a_cluster_of_ones_own_without_workers_is_not_waited_for(self, monkeypatch):
        monkeypatch.setattr(sweep_run, "LOOK_SECONDS", 0.1)
        cluster = FakeDask(lambda points: asyncio.sleep(60))
        cluster.executor._client.cluster = SimpleNamespace(worker_spec={0: {}}, workers={})
        with pytest.raises(SweepInterrupted, match=r"lost its workers.*0 of 2 points"):
            sweep(experiments.product, {"a": [3, 4], "b": 1}, executor=cluster.executor)

    def test_a_lost_scheduler_loses_nothing_that_was_finished(self, tmp_path):
        pytest.importorskip("distributed")
        file = tmp_path / "s.toml"
        file.write_text(
            'experiment = "tests.sweep_experiments:noted"\n'
            f"[grid]\nfolder = {json.dumps(str(tmp_path))}\nnumber = {list(range(20))}\n"
            "pause = 0.1\n"
        )
        with a_dask_cluster(tmp_path) as (address, scheduler):
            command = [sys.executable, "-m", "zbudlab", "sweep", str(file), "--dask", address]
            with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
                wait_until(lambda: len(kept_keys(tmp_path)) >= 3)
                scheduler.kill()
                error = process.communicate(timeout=60)[1].splitlines()[-1]
        assert process.returncode == 2
        assert re.search(r"executor is broken.* of 20 points are done.* resume", error)
        kept, before = kept_keys(tmp_path), runs(tmp_path)
        assert 3 <= len(kept) < 20
        assert cli.main(["sweep", str(file), "--resume"]) == 0
        table = pd.read_parquet(tmp_path / "s.parquet")
        assert table["double"].tolist() == [2 * n for n in range(20)]
        again = runs(tmp_path)
        assert all(again[n] == before[n] for n in (name(table, key) for key in kept))

    def test_a_function_that_workers_cannot_find_is_said(self, monkeypatch):
        def hidden(a, *, seed):
            return {}

        with process_pool(1) as executor, pytest.raises(SweepError, match="hidden"):
            sweep(hidden, {"a": 1}, executor=executor)

    def test_a_killed_sweep_leaves_no_process_and_resumes(self, tmp_path):
        file = tmp_path / "s.toml"
        file.write_text(
            'experiment = "tests.sweep_experiments:noted"\n'
            f"[grid]\nfolder = {json.dumps(str(tmp_path))}\nnumber = {list(range(40))}\n"
            "pause = 0.1\n"
        )
        command = [sys.executable, "-m", "zbudlab", "sweep", str(file), "--jobs", "2"]
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
            wait_until(lambda: len(runs(tmp_path)) > 10)
            workers = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(signal.SIGKILL)
        wait_until(lambda: not psutil.wait_procs(workers, timeout=0.1)[1])
        assert not (tmp_path / "s.parquet").exists()
        kept = kept_keys(tmp_path)
        assert len(kept) >= 3
        assert cli.main(["sweep", str(file), "--resume"]) == 0
        table = pd.read_parquet(tmp_path / "s.parquet")
        assert table["double"].tolist() == [2 * n for n in range(40)]
        again = sum(count - 1 for count in runs(tmp_path).values())
        assert len(runs(tmp_path)) == 40
        assert again <= 40 - len(kept)  # no kept point was run again
        assert {n for n, count in runs(tmp_path).items() if count > 1}.isdisjoint(
            name(table, key) for key in kept
        )


class FakeDask:
    """As much of Dask's executor and client as a sweep asks for.

    fate: of a chunk's points: an error, something to wait for, or None = the chunk is run.
    """

    def __init__(self, fate):
        self.fate, self.pure, self.sent = fate, [], 0
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        client = SimpleNamespace(
            submit=self.submit, gather=self.gather, loop=self, status="running", cluster=None
        )
        client.nthreads = lambda: {"tcp://worker": 1}
        self.executor = SimpleExecutor(client)

    @property
    def young(self):
        """Whether only what is sent at first was sent."""
        return self.sent <= 2

    def submit(self, function, *arguments, pure):
        self.sent += 1
        self.pure.append(pure)
        return SimpleNamespace(run=(function, arguments), cancel=lambda: None)

    async def gather(self, task, *, asynchronous):
        await asyncio.sleep(0.02)
        function, arguments = task.run
        fate = self.fate(arguments[1])
        if isinstance(fate, Exception):
            raise fate
        return await fate if fate is not None else function(*arguments)

    def add_callback(self, call, *arguments):
        asyncio.run_coroutine_threadsafe(call(*arguments), self.loop)


class SimpleExecutor(Executor):
    """What `client.get_executor()` of Dask gives."""

    def __init__(self, client):
        self._client, self._kwargs = client, {}


def wait_until(happened, seconds=60):
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


@contextlib.contextmanager
def a_dask_cluster(folder):
    """Address and process of a scheduler with one worker, each a process of its own."""
    about = folder / "scheduler.json"
    common = ["--scheduler-file", str(about), "--host", "127.0.0.1", "--no-dashboard"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with contextlib.ExitStack() as stack:

        def start(name, *words):
            command = [sys.executable, "-m", f"distributed.cli.dask_{name}", *common, *words]
            process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        scheduler = start("scheduler", "--port", "0")
        wait_until(about.exists)
        start("worker", "--nthreads", "1")
        yield json.loads(about.read_text())["address"], scheduler


def kept_keys(folder):
    """The points that a sweep keeps on disk."""
    found = (folder / "s.parquet.parts").glob("*.json")
    return {key for path in found for key in read_keys(path)}


def read_keys(path):
    return [] if path.name == parts.HEADER else list(json.loads(path.read_text()))


def name(table, key):
    """The file that the point of a key leaves."""
    grid = {n: table[n].tolist() for n in ("folder", "number")}
    plan = points.Plan.of(
        experiments.noted,
        {"folder": grid["folder"][0], "number": grid["number"], "pause": 0.1},
        1,
    )
    return f"{plan.points[plan.keys.index(key)]['number']}-0"


class TestFile:
    def test_a_folder_that_the_file_names_is_made(self, tmp_path):
        file = tmp_path / "s.toml"
        file.write_text(
            'experiment = "tests.sweep_experiments:product"\nout = "out/new/t.parquet"\n'
            "[grid]\na = 1\nb = 2\n"
        )
        assert cli.main(["sweep", str(file)]) == 0
        assert len(read_table(tmp_path / "out/new/t.parquet")[0]) == 1
        assert cli.main(["sweep", str(file), "--out", str(tmp_path / "slip/t.parquet")]) == 2


class TestDisk:
    def grid(self, folder):
        return {"folder": str(folder), "number": range(6)}

    def test_a_full_disk_loses_nothing_that_was_written(self, tmp_path, monkeypatch):
        out = tmp_path / "t.parquet"
        real, written = parts.written_whole, []

        def full(path):
            written.append(path)
            if len(written) > 4:  # the header and three parts
                raise OSError(28, "No space left on device")
            return real(path)

        monkeypatch.setattr(parts, "written_whole", full)
        monkeypatch.setattr(chunks, "TARGET", 0)
        monkeypatch.setattr(chunks, "LEAST", 0)
        reason = "No space left on device.*3 of 6 points are done.*resume"
        with pytest.raises(SweepInterrupted, match=reason):
            sweep(experiments.noted, self.grid(tmp_path), out=out)
        monkeypatch.setattr(parts, "written_whole", real)
        before = runs(tmp_path)
        table = sweep(experiments.noted, self.grid(tmp_path), out=out, resume=True)
        assert table["double"].tolist() == [0, 2, 4, 6, 8, 10]
        after = runs(tmp_path)
        assert [after[f"{n}-0"] for n in range(3)] == [before[f"{n}-0"] for n in range(3)]
        assert [p for p in os.listdir(tmp_path) if p.startswith((".", "t.parquet."))] == []

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on files' sizes")
    def test_files_that_the_system_refuses_to_write_lose_nothing(self, tmp_path):
        """A limit on the size of files: the large part is cut off in the middle by the system."""
        file = tmp_path / "s.toml"
        file.write_text(
            'experiment = "tests.sweep_experiments:sized"\nout = "s.parquet"\n'
            f"[grid]\nfolder = {json.dumps(str(tmp_path))}\nnumber = {list(range(6))}\n"
        )
        limited = (
            "import resource, signal, sys; from zbudlab import cli;"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000));"
            f"sys.exit(cli.main(['sweep', {str(file)!r}]))"
        )
        done = subprocess.run(
            [sys.executable, "-c", limited], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 2
        assert "File too large" in done.stderr.splitlines()[-1]
        kept, before = kept_keys(tmp_path), runs(tmp_path)
        assert 3 <= len(kept) < 6
        assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".")]
        assert cli.main(["sweep", str(file), "--resume"]) == 0
        table = pd.read_parquet(tmp_path / "s.parquet")
        assert [len(text) for text in table["text"]] == [1, 1, 1, 1, 100_000, 1]
        assert {n: runs(tmp_path)[f"{n}-0"] for n in range(3)} == {
            n: before[f"{n}-0"] for n in range(3)
        }

    def test_a_finished_sweep_is_not_run_again(self, tmp_path):
        first = sweep(experiments.noted, self.grid(tmp_path), out=tmp_path / "t.parquet")
        again = sweep(
            experiments.noted, self.grid(tmp_path), out=tmp_path / "t.parquet", resume=True
        )
        pd.testing.assert_frame_equal(first, again)
        assert set(runs(tmp_path).values()) == {1}

    def interrupted(self, folder, monkeypatch):
        """A sweep that stopped in the middle; its file."""
        out = folder / "t.parquet"
        monkeypatch.setattr(experiments.time, "sleep", stop_after(3))
        with pytest.raises(KeyboardInterrupt):
            sweep(experiments.noted, self.grid(folder), out=out)
        monkeypatch.undo()
        return out

    def test_a_damaged_part_is_run_again(self, tmp_path, monkeypatch):
        out = self.interrupted(tmp_path, monkeypatch)
        folder = tmp_path / "t.parquet.parts"
        some = [path for path in sorted(folder.iterdir()) if path.name != parts.HEADER]
        some[0].write_bytes(some[0].read_bytes()[:20])
        table = sweep(experiments.noted, self.grid(tmp_path), out=out, resume=True)
        assert table["double"].tolist() == [0, 2, 4, 6, 8, 10]
        assert max(runs(tmp_path).values()) == 2

    def test_it_is_not_begun_anew_over_results(self, tmp_path, monkeypatch):
        out = self.interrupted(tmp_path, monkeypatch)
        with pytest.raises(SweepError, match="is there already: resume"):
            sweep(experiments.noted, self.grid(tmp_path), out=out)

    @pytest.mark.parametrize("finished", [False, True])
    def test_results_of_another_sweep_are_refused(self, tmp_path, monkeypatch, finished):
        out = self.interrupted(tmp_path, monkeypatch)
        if finished:
            sweep(experiments.noted, self.grid(tmp_path), out=out, resume=True)
        before = runs(tmp_path)
        other = self.grid(tmp_path) | {"number": range(7)}
        with pytest.raises(SweepError, match="a sweep with other grid: move it away"):
            sweep(experiments.noted, other, out=out, resume=True)
        with pytest.raises(SweepError, match="a sweep with other seeds"):
            sweep(experiments.noted, self.grid(tmp_path), seeds=2, out=out, resume=True)
        with pytest.raises(SweepError, match=r"the experiment tests\.sweep_experiments:noted"):
            sweep(experiments.deadly, self.grid(tmp_path), out=out, resume=True)
        monkeypatch.setattr(points, "__version__", "99.0")
        with pytest.raises(SweepError, match=r"is of zbudlab \d.*, this is 99.0"):
            sweep(experiments.noted, self.grid(tmp_path), out=out, resume=True)
        assert runs(tmp_path) == before

    def test_another_text_of_the_experiment_is_refused(self, tmp_path, monkeypatch):
        out = self.interrupted(tmp_path, monkeypatch)
        monkeypatch.setattr(points.inspect, "getsource", lambda experiment: "other")
        with pytest.raises(SweepError, match="an experiment whose text was another"):
            sweep(experiments.noted, self.grid(tmp_path), out=out, resume=True)

    def test_a_file_of_something_else_is_refused(self, tmp_path):
        out = tmp_path / "t.parquet"
        pd.DataFrame({"a": [1]}).to_parquet(out)
        with pytest.raises(SweepError, match="is no table of a sweep"):
            sweep(experiments.noted, self.grid(tmp_path), out=out, resume=True)
        out.write_text("no parquet at all")
        with pytest.raises(SweepError, match="is no table of a sweep"):
            sweep(experiments.noted, self.grid(tmp_path), out=out, resume=True)

    def test_a_worker_with_another_version_is_refused(self, monkeypatch):
        monkeypatch.setattr("zbudlab.sweep.work.__version__", "0.0")
        with pytest.raises(SweepError, match=r"a worker has zbudlab 0\.0, this is"):
            sweep(experiments.product, GRID)


def stop_after(count):
    """A `sleep` that lets some calls through and then interrupts, with long chunks ruled out."""
    calls = []

    def sleep(seconds):
        calls.append(seconds)
        if len(calls) > count:
            raise KeyboardInterrupt

    return sleep


class TestWhatCannotBeMeant:
    @pytest.mark.parametrize(
        ("grid", "seeds", "reason"),
        [
            ({"a": [], "b": 2}, 1, "parameter a has no values"),
            ({"a": [1, 1], "b": 2}, 1, "a value stands twice"),
            ({"a": [object()], "b": 2}, 1, "parameters are numbers"),
            ({"a": 1}, 1, "cannot be called .*: missing a required argument: 'b'"),
            ({"a": 1, "b": 2, "c": 3}, 1, "product.a, b, .* unexpected keyword argument 'c'"),
            ({"seed": [1]}, 1, "seeds are given beside the grid"),
            ({"a": 1, "b": 2}, 0, "seeds must be one or more"),
            ({"a": 1, "b": 2}, [1, 1], "each once"),
            ({"a": 1, "b": 2}, [0.5, 1.7], r"seeds must be whole numbers, not \[0.5, 1.7\]"),
            ({"a": 1, "b": 2}, [[1]], "seeds must be whole numbers"),
            ({"a": 1, "b": 2}, 1.5, "seeds are a number, or a list of numbers, not 1.5"),
            ({"seconds": 1}, 1, "a parameter cannot be called seconds"),
        ],
    )
    def test_grids(self, grid, seeds, reason):
        with pytest.raises(SweepError, match=reason):
            sweep(experiments.product, grid, seeds=seeds)

    def test_results(self):
        table = sweep(lambda seed: 5, {})
        assert "gives its results by name" in table["error"][0]
        table = sweep(lambda seed: {"x": object()}, {})
        assert "a result must be a number" in table["error"][0]
        table = sweep(lambda a, seed: {"a": 1} if seed else {"x": 1}, {"a": 1}, seeds=2)
        assert table["x"].tolist()[0] == 1
        assert "a result cannot be called a" in table["error"][1]
        table = sweep(lambda seed: {"x": 2**64 if seed else 1}, {}, seeds=2)
        assert table["x"].tolist() == ["1", "18446744073709551616"]

    def test_an_error_that_cannot_be_told(self):
        class Mute(Exception):
            def __str__(self):
                raise RuntimeError

        def mute(seed):
            raise Mute

        assert sweep(mute, {})["error"].tolist() == ["Mute: what went wrong it cannot say"]

    def test_a_batch_of_too_few_results_is_run_one_by_one(self):
        def doubled(a, seed):
            return {"double": 2 * a}

        doubled.batch = lambda points: [{"double": 0}] * (len(points) - 1)
        assert sweep(doubled, {"a": [1, 2, 3]})["double"].tolist() == [2, 4, 6]

    def test_what_an_experiment_does_to_a_list_stays_there(self):
        def longer(items, seed):
            items.append(seed)
            return {"length": len(items)}

        table = sweep(longer, {"items": [[1, 2], [5]]}, seeds=3)
        assert table["length"].tolist() == [3, 3, 3, 2, 2, 2]
        assert list(table["items"][0]) == [1, 2]

    def test_a_parameter_that_is_a_list_is_not_unfolded_over_time(self):
        table = sweep(lambda sizes, seed: {"free": [3, 2, 1]}, {"sizes": [[1, 2]]})
        long = over_time(table)
        assert long["free"].tolist() == [3, 2, 1]
        assert [list(sizes) for sizes in long["sizes"]] == [[1, 2]] * 3

    def test_a_partial_has_the_same_name_everywhere(self):
        bound = partial(experiments.product, b=3)
        assert (
            points.Plan.of(bound, {"a": 2}, 1).name
            == f'{experiments.__name__}:product with [[],{{"b":3}}]'
        )
        assert sweep(bound, {"a": 2})["x"].tolist() == [6]

    def test_a_finished_table_keeps_its_order(self, tmp_path):
        out = tmp_path / "t.parquet"
        sweep(experiments.product, {"a": [1, 2], "b": [3, 4]}, out=out)
        with pytest.raises(SweepError, match="its parameters in the order a, b"):
            sweep(experiments.product, {"b": [3, 4], "a": [1, 2]}, out=out, resume=True)


class TestCommand:
    def write(self, folder, text):
        path = folder / "s.toml"
        path.write_text(text)
        return str(path)

    def test_it_writes_the_table_and_says_what_failed(self, tmp_path, capsys):
        path = self.write(
            tmp_path,
            'experiment = "tests.sweep_experiments:product"\nseeds = 2\nout = "r.parquet"\n'
            "[grid]\na = [1, 3]\nb = 2\n",
        )
        assert cli.main(["sweep", path]) == 1  # a point failed
        said = capsys.readouterr().out
        assert "4 points" in said
        assert "1 of them failed, the first with: ValueError: no threes" in said
        assert len(pd.read_parquet(tmp_path / "r.parquet")) == 4

    def test_a_module_beside_the_file_is_found(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sys, "path", list(sys.path))
        (tmp_path / "mine_for_this_test.py").write_text("def mine(a, seed):\n    return {'x': a}\n")
        path = self.write(tmp_path, 'experiment = "mine_for_this_test:mine"\n[grid]\na = [1, 2]\n')
        assert cli.main(["sweep", path]) == 0
        assert pd.read_parquet(tmp_path / "s.parquet")["x"].tolist() == [1, 2]

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("experiment = 5\n[grid]\n", "it needs experiment"),
            ('experiment = "nowhere"\n[grid]\n', "no experiment 'zbudlab.experiments:nowhere'"),
            ('experiment = "no.module:f"\n[grid]\n', "no experiment 'no.module:f'"),
            ('experiment = "pressure"\nfrmaes = 3\n[grid]\n', "unknown frmaes"),
            ('experiment = "pressure"\nseeds = "x"\n[grid]\n', "seeds are a number"),
            ("not toml", "is no TOML file"),
        ],
    )
    def test_files_that_are_refused(self, tmp_path, capsys, monkeypatch, text, reason):
        monkeypatch.setattr(sys, "path", list(sys.path))
        assert cli.main(["sweep", self.write(tmp_path, text)]) == 2
        assert reason in capsys.readouterr().err
        assert [path.name for path in tmp_path.iterdir()] == ["s.toml"]

    def test_no_scheduler_there(self, tmp_path, capsys, monkeypatch):
        pytest.importorskip("distributed")
        monkeypatch.setattr(sys, "path", list(sys.path))
        monkeypatch.setattr("zbudlab.cli.sweep.CONNECT_SECONDS", 0.5)
        path = self.write(
            tmp_path, 'experiment = "tests.sweep_experiments:product"\n[grid]\na = 1\nb = 1\n'
        )
        assert cli.main(["sweep", path, "--dask", "tcp://127.0.0.1:1"]) == 2
        assert "cannot reach a Dask scheduler at tcp://127.0.0.1:1" in capsys.readouterr().err
