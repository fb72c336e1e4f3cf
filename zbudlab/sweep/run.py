"""Run a sweep: check it, find what is done already, run the rest, write the table."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zbudlab.io.arguments import checked
from zbudlab.sweep.design import Design
from zbudlab.sweep.parts import Parts, check_header, folder_of
from zbudlab.sweep.points import Experiment, SweepError
from zbudlab.sweep.running import Running
from zbudlab.sweep.table import make_table, read_arrow, records_of, write_table
from zbudlab.sweep.work import Record

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Workers = Executor | Callable[[], Executor] | None


@checked()
def sweep(
    experiment: Experiment | str,
    grid: Mapping[str, Any],
    *,
    executor: Workers = None,
    seeds: Iterable[int] | int = 1,
    out: str | Path | None = None,
    resume: bool = False,
    retry_failed: bool = False,
    progress: bool | None = None,
) -> "pd.DataFrame":
    """Return a table with a row for each point of the grid and each seed.

    experiment: a function `experiment(seed=..., **parameters)` that returns results by name, or
    "module:function". grid: values by parameter name. executor: from `concurrent.futures`, None =
    run in this process; or a function that makes one, which is called again if it breaks.
    seeds: how many, from 0, or which. out: the table's file, Parquet, or CSV if it ends in .csv;
    finished chunks are kept next to it until it is complete. resume: run only what is missing.
    retry_failed: resume, and run failed points again. progress: None = show a bar on a terminal.

    Raises SweepError for invalid arguments and for files of another sweep, or of this one before
    its code changed; SweepInterrupted when the executor breaks or the disk is full. Finished
    points are kept then.
    """
    design = Design.of(experiment, grid, seeds)
    if out is None:
        return _run(design, {}, None, executor, progress).to_pandas()
    resume = resume or retry_failed
    finished = _finished(Path(out), design) if resume else None
    if finished is not None and not _is_left(Path(out), finished, retry_failed):
        return finished.to_pandas()
    with Parts(out, design, resume=resume).opened() as parts:
        records = _known(design, Path(out), parts, retry_failed)
        table = _run(design, records, parts, executor, progress)
        parts.remove()
    return table.to_pandas()


def _run(
    design: Design,
    records: dict[str, Record],
    parts: Parts | None,
    executor: Workers,
    progress: bool | None,
) -> "pa.Table":
    """Run the points without a record; return the table, written to its file."""
    running = Running(design, parts, executor, records)
    running.run(progress)
    table = make_table(design, running.records)
    if parts is not None:
        with running.kept_on_error():
            write_table(table, parts.out)
    return table


def _finished(out: Path, design: Design) -> "pa.Table | None":
    """Return the table that is finished already, None if there is none."""
    if not out.exists():
        return None
    table, header = read_arrow(out)
    check_header(header, design, out)
    order = list(table.column_names[: len(design.grid)])
    if order != list(design.grid):
        raise SweepError(f"{out} has its parameters in the order {', '.join(order)}")
    return table


def _is_left(out: Path, table: "pa.Table", retry_failed: bool) -> bool:
    """Return whether a finished table has points to run again, or a retry was interrupted."""
    failed = table["error"].null_count < len(table)
    return (retry_failed and failed) or folder_of(out).exists()


def _known(design: Design, out: Path, parts: Parts, retry_failed: bool) -> dict[str, Record]:
    """Return the records of finished points: those of parts are newer than the table's.

    The table is read again, as another sweep may have finished before this one got the lock.
    """
    finished = _finished(out, design)
    records = records_of(design, finished) if finished is not None else {}
    records |= parts.read()
    if retry_failed:
        records = {key: record for key, record in records.items() if record["error"] is None}
    return records
