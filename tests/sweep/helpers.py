"""What tests of sweeps share: looking at what a sweep left on disk, and a Dask cluster."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor
from pathlib import Path
from types import SimpleNamespace

from tests.sweep import samples as experiments
from zbudlab.sweep import design, parts

ROOT = Path(__file__).resolve().parents[2]
GRID = {"a": range(5), "b": [1.5, 2]}


def runs(folder):
    """How often each point was run to its end, by the files that `noted` leaves."""
    files = [path for path in Path(folder).iterdir() if path.name[0].isdigit()]
    return {path.name: len(path.read_text().splitlines()) for path in files}


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
    """Address and process of a scheduler with one worker, each a separate process."""
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
    return [] if path.name == parts.HEADER else list(json.loads(path.read_text())["records"])


def name(table, key):
    """The file that the point of a key leaves."""
    grid = {n: table[n].tolist() for n in ("folder", "number")}
    plan = design.Design.of(
        experiments.noted,
        {"folder": grid["folder"][0], "number": grid["number"], "pause": 0.1},
        1,
    )
    return f"{plan.points[plan.keys.index(key)]['number']}-0"


def stop_after(count):
    """A `sleep` that lets some calls through and then interrupts, with long chunks ruled out."""
    calls = []

    def sleep(seconds):
        calls.append(seconds)
        if len(calls) > count:
            raise KeyboardInterrupt

    return sleep
