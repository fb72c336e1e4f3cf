"""The table is the same, bit for bit, whatever ran it in whatever order."""

import random
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import pandas as pd
import pytest

from tests.sweep import samples as experiments
from zbudlab.sweep import (
    sweep,
)
from zbudlab.sweep.executors import process_pool, workers_of

MACHINES = {"frames": [512, 1024], "share": [0.5, 1.5]}


def untimed(table):
    return table.drop(columns="seconds")


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
