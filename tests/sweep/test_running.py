"""Dead workers, lost schedulers and killed sweeps cost only the chunks under way."""

import asyncio
import json
import re
import signal
import subprocess
import sys
from types import SimpleNamespace

import pandas as pd
import psutil
import pytest

from tests.sweep import samples as experiments
from tests.sweep.helpers import ROOT, FakeDask, a_dask_cluster, kept_keys, name, runs, wait_until
from zbudlab.cli import command_line as cli
from zbudlab.sweep import (
    SweepError,
    SweepInterrupted,
    running,
    sweep,
)
from zbudlab.sweep.executors import process_pool, reporting
from zbudlab.sweep.work import run_chunk


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
        future = reporting(cluster.executor).submit(run_chunk, experiments.product, [])
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
        monkeypatch.setattr(running, "LOOK_SECONDS", 0.1)
        cluster = FakeDask(lambda points: asyncio.sleep(60))
        cluster.executor._client.cluster = SimpleNamespace(worker_spec={0: {}}, workers={})
        with pytest.raises(SweepInterrupted, match=r"lost its workers.*0 of 2 points"):
            sweep(experiments.product, {"a": [3, 4], "b": 1}, executor=cluster.executor)

    def test_a_lost_scheduler_loses_nothing_that_was_finished(self, tmp_path):
        pytest.importorskip("distributed")
        file = tmp_path / "s.toml"
        file.write_text(
            'experiment = "tests.sweep.samples:noted"\n'
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
            'experiment = "tests.sweep.samples:noted"\n'
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
