"""`zbudlab sweep`: run an experiment over a grid, on one core, on all of them, or on a cluster."""

import argparse
import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from zbudlab.cli.first_use import DIFFERENCE, say_if_first
from zbudlab.cli.printing import say

if TYPE_CHECKING:
    import pandas as pd

Workers = Executor | Callable[[], Executor] | None
CONNECT_SECONDS = 10


@contextlib.contextmanager
def _dask(address: str | None, workers: int | None) -> Iterator[Executor]:
    """Yield the executor of a Dask cluster: one at an address, or one started here."""
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise ValueError("Dask is not installed here: pip install 'zbudlab[dask]'") from None
    with contextlib.ExitStack() as stack:
        if address is None:
            cluster = stack.enter_context(
                LocalCluster(
                    workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
                )
            )
            client = stack.enter_context(Client(cluster))
        else:
            try:
                client = stack.enter_context(Client(address, timeout=CONNECT_SECONDS))
            except (OSError, ValueError) as error:
                raise ValueError(f"cannot reach a Dask scheduler at {address}: {error}") from None
        yield client.get_executor()


@contextlib.contextmanager
def _workers(options: argparse.Namespace) -> Iterator[Workers]:
    """Yield the executor that the points run on."""
    from zbudlab.sweep.executors import process_pool

    if options.dask is not None or options.dask_local is not None:
        with _dask(options.dask, options.dask_local) as executor:
            yield executor
    elif options.jobs > 1:
        yield lambda: process_pool(options.jobs)
    else:
        yield None


def _sweep(options: argparse.Namespace) -> int:
    from zbudlab.sweep import SweepFile, sweep

    for name in ("jobs", "dask_local"):
        if (value := getattr(options, name)) is not None and value < 1:
            raise ValueError(f"--{name.replace('_', '-')} must be 1 or more, not {value}")
    asked = SweepFile.load(options.file)
    out = options.out or asked.out
    if not options.out:  # create a folder that the file names; one from the shell may be a typo
        asked.out.parent.mkdir(parents=True, exist_ok=True)
    say_if_first()
    with _workers(options) as workers:
        table = sweep(
            asked.experiment,
            asked.grid,
            seeds=asked.seeds,
            executor=workers,
            out=out,
            resume=options.resume,
            retry_failed=options.retry_failed,
        )
    return _report(table, out)


def _report(table: "pd.DataFrame", out: Any) -> int:
    """Print what was done; return the exit code."""
    failed = table["error"].dropna()
    say(f"{len(table)} points in {table['seconds'].sum():.1f} s of work -> {out}")
    if len(failed):
        say(f"{len(failed)} of them failed, the first with: {failed.iloc[0]}")
        print("--retry-failed runs them again")
    return DIFFERENCE if len(failed) else 0


def add(commands: Any) -> None:
    """Add the options of `zbudlab sweep`."""
    sweep = commands.add_parser(
        "sweep",
        help="run an experiment over a grid of parameters and seeds",
        description="Run the points of FILE.toml and write their results as one table, Parquet or "
        "CSV. Finished chunks are kept next to it meanwhile, so that --resume continues a sweep "
        "that was interrupted. `zbudlab experiments` lists the experiments of zbudlab.",
    )
    sweep.add_argument("file", metavar="FILE.toml", help="experiment, [grid], seeds, out")
    where = sweep.add_mutually_exclusive_group()
    where.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default: 1)")
    where.add_argument("--dask", metavar="ADDRESS", help="a Dask scheduler, e.g. tcp://host:8786")
    where.add_argument("--dask-local", type=int, metavar="N", help="a Dask cluster here, N workers")
    sweep.add_argument("--resume", action="store_true", help="run only missing points of a sweep")
    sweep.add_argument(
        "--retry-failed", action="store_true", help="resume, and run failed points again"
    )
    sweep.add_argument(
        "--out",
        metavar="FILE",
        help="the table, Parquet, or CSV if it ends in .csv (default: from FILE.toml)",
    )
    sweep.set_defaults(command=_sweep)
