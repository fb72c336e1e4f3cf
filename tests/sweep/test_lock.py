"""Two sweeps cannot write into one folder at once, and a crash leaves no stale lock."""

import os
import signal
import subprocess
import sys
import threading

import psutil
import pytest

from tests.sweep.helpers import ROOT, wait_until
from zbudlab.sweep import SweepError, sweep
from zbudlab.sweep.lock import locked

HOLD = (
    "import sys, time; from pathlib import Path; from zbudlab.sweep.lock import locked\n"
    "with locked(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"
)


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock of a folder."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_another_process_is_refused_and_named(tmp_path, holder):
    with pytest.raises(SweepError, match=rf"another sweep \(process {holder.pid}\) is writing to"):
        locked(tmp_path).__enter__()


def test_a_killed_process_leaves_no_lock(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / "lock").read_text() == str(holder.pid)
    with locked(tmp_path):
        assert (tmp_path / "lock").read_text() == str(os.getpid())


def test_the_same_process_is_refused_too(tmp_path):
    with locked(tmp_path):
        with pytest.raises(SweepError, match="another sweep"):
            locked(tmp_path).__enter__()
        link = tmp_path.with_name("link")
        link.symlink_to(tmp_path)
        with pytest.raises(SweepError, match="another sweep"):
            locked(link).__enter__()
    with locked(tmp_path):
        pass


def test_a_second_sweep_is_refused_while_the_first_one_runs(tmp_path):
    out, go_on = tmp_path / "t.parquet", threading.Event()

    def slow(a, seed):
        go_on.wait(30)
        return {"x": a}

    thread = threading.Thread(target=sweep, args=(slow, {"a": [1]}), kwargs={"out": out})
    thread.start()
    wait_until((tmp_path / "t.parquet.parts" / "sweep.json").exists)
    with pytest.raises(SweepError, match="another sweep"):
        sweep(slow, {"a": [1]}, out=out, resume=True)
    go_on.set()
    thread.join()
    assert sorted(os.listdir(tmp_path)) == ["t.parquet"]
    assert sweep(slow, {"a": [1]}, out=out, resume=True)["x"].tolist() == [1]


def test_a_killed_sweep_leaves_no_lock_although_its_forked_workers_live(tmp_path):
    script = (
        "import sys; from concurrent.futures import ProcessPoolExecutor\n"
        "from multiprocessing import get_context; from zbudlab.sweep import sweep\n"
        "from tests.sweep import samples\n"
        "pool = ProcessPoolExecutor(1, mp_context=get_context('fork'))\n"
        "grid = {'folder': sys.argv[1], 'number': range(3), 'pause': 60}\n"
        "sweep(samples.noted, grid, executor=pool, out=sys.argv[1] + '/t.parquet')\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT) as process:
        workers = []
        try:
            wait_until((tmp_path / "t.parquet.parts" / "sweep.json").exists)
            wait_until(lambda: psutil.Process(process.pid).children())
            workers = psutil.Process(process.pid).children(recursive=True)
        finally:
            process.kill()
    try:
        assert any(worker.is_running() for worker in workers)
        with locked(tmp_path / "t.parquet.parts"):
            pass
    finally:
        for worker in workers:
            worker.kill()
