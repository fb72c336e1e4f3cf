"""`python -m benchmarks.sweep`: the overhead of a sweep over the cost of its runs.

Each run computes for a set time on one core. The overhead is wall time times workers, less the
seconds that the runs took, per run and as a share of them. The start of the workers is left out,
as it happens once. For comparison the same runs are submitted one by one to the same executor.
"""

import argparse
import contextlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from zbudlab.sweep import sweep
from zbudlab.sweep.executors import process_pool, workers_of

WORKERS = 2
MILLISECONDS = (1, 50)


def busy(milliseconds: float, *, seed: int) -> dict[str, Any]:
    """Compute for that long by the clock of this thread; return the wall time it took."""
    started = time.perf_counter()
    end = time.thread_time() + milliseconds / 1000
    number = seed
    while time.thread_time() < end:
        number = (number * 6364136223846793005 + 1442695040888963407) % (1 << 64)
    return {"number": seed, "took": time.perf_counter() - started}


@contextlib.contextmanager
def _loky() -> Iterator[Executor]:
    import loky

    executor = loky.ProcessPoolExecutor(WORKERS)
    yield executor
    executor.shutdown(kill_workers=True)


@contextlib.contextmanager
def _dask() -> Iterator[Executor]:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            WORKERS, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        client.wait_for_workers(WORKERS)
        yield client.get_executor()


@contextlib.contextmanager
def _none() -> Iterator[None]:
    yield None


EXECUTORS: dict[str, Callable[[], Any]] = {
    "none": _none,
    "process pool, fork": lambda: ProcessPoolExecutor(WORKERS, mp_context=get_context("fork")),
    "process pool, spawn": lambda: process_pool(WORKERS),
    "loky": _loky,
    "Dask, local cluster": _dask,
}


def _wall(call: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    answer = call()
    return time.perf_counter() - started, answer


def _one_by_one(executor: Executor, milliseconds: float, count: int) -> tuple[float, float]:
    """Submit each run as a separate task; return wall seconds, and the seconds of the runs."""

    def submitted() -> list[float]:
        tasks = [executor.submit(busy, milliseconds, seed=seed) for seed in range(count)]
        return [task.result()["took"] for task in tasks]

    wall, took = _wall(submitted)
    return wall, sum(took)


def measure(name: str, milliseconds: float, seconds: float) -> dict[str, Any]:
    """Return one row: an executor and a length of runs; about `seconds` of wall time each way."""
    with EXECUTORS[name]() as executor, tempfile.TemporaryDirectory() as folder:
        workers = 1 if executor is None else workers_of(executor)
        count = max(int(seconds * 1000 / milliseconds * workers), 20)
        grid = {"milliseconds": milliseconds}
        sweep(busy, grid, seeds=4 * workers, executor=executor)  # starts the workers
        out = Path(folder, "t.parquet")
        wall, table = _wall(lambda: sweep(busy, grid, seeds=count, executor=executor, out=out))
        work = float(table["seconds"].sum())
        row = {
            "executor": name,
            "ms_a_run": milliseconds,
            "runs": count,
            "overhead_ms": 1000 * (wall * workers - work) / count,
            "overhead": (wall * workers - work) / work,
        }
        if executor is not None:
            count = min(count, 500)
            wall, work = _one_by_one(executor, milliseconds, count)
            row["one_by_one_ms"] = 1000 * (wall * workers - work) / count
        return row


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="wall time per row (default: 5)")
    parser.add_argument("--only", choices=EXECUTORS)
    parser.add_argument("--json", metavar="FILE", type=Path)
    asked = parser.parse_args()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{os.cpu_count()} cores, load {load:.1f} before")
    heads = ("executor", "ms per run", "runs", "overhead, ms per run", "share", "one by one, ms")
    print(f"{heads[0]:<22}" + "".join(f"{head:>22}" for head in heads[1:]))
    rows = []
    for milliseconds in MILLISECONDS:
        for name in [asked.only] if asked.only else EXECUTORS:
            row = measure(name, milliseconds, asked.seconds)
            alone = f"{row['one_by_one_ms']:.2f}" if "one_by_one_ms" in row else "-"
            print(
                f"{name:<22}{milliseconds:>22}{row['runs']:>22}{row['overhead_ms']:>22.2f}"
                f"{row['overhead']:>22.1%}{alone:>22}",
                flush=True,
            )
            rows.append(row)
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
