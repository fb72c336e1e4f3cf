"""The table of a sweep: pandas in memory, one Parquet file on disk."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zbudlab._version import __version__
from zbudlab.io.files import written_whole
from zbudlab.sweep.points import SEED, Plan, SweepError, canonical
from zbudlab.sweep.work import Record

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

METADATA = b"zbudlab.sweep"


def _column(values: Sequence[Any]) -> "pa.Array":
    """A column of one type; tables and what has no common type stand there as JSON text."""
    import pyarrow as pa

    if not any(isinstance(value, Mapping) for value in values):
        try:
            return pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            pass
    texts = [value if isinstance(value, str) else canonical(value) for value in values]
    return pa.array([None if v is None else t for v, t in zip(values, texts, strict=True)])


def make_table(plan: Plan, records: Mapping[str, Record]) -> "pa.Table":
    """A row for each point in the order of the grid, whoever ran it and when."""
    import pyarrow as pa

    rows = [records[key] for key in plan.keys]
    columns = {name: _column([p[name] for p in plan.points]) for name in (*plan.grid, SEED)}
    for name in dict.fromkeys(name for row in rows for name in row["result"] or ()):
        columns[name] = _column([(row["result"] or {}).get(name) for row in rows])
    columns["error"] = pa.array([row["error"] for row in rows], pa.string())
    columns["seconds"] = pa.array([row["seconds"] for row in rows], pa.float64())
    columns["zbudlab"] = pa.array([__version__] * len(rows))
    metadata = {METADATA: json.dumps(plan.header).encode()}
    return pa.table(columns).replace_schema_metadata(metadata)


def write_table(table: "pa.Table", path: Path) -> None:
    """Write it as Parquet, with the sweep's header, whole or not at all."""
    import pyarrow.parquet as pq

    with written_whole(path) as file:
        pq.write_table(table, file)


def read_table(path: str | Path) -> "tuple[pd.DataFrame, dict[str, Any]]":
    """A finished sweep's table and its header; SweepError for any other file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        arrow = pq.read_table(path)
        header = json.loads((arrow.schema.metadata or {})[METADATA])
    except (pa.ArrowException, KeyError, ValueError):
        raise SweepError(f"{path} is no table of a sweep") from None
    return arrow.to_pandas(), header


def over_time(table: "pd.DataFrame") -> "pd.DataFrame":
    """A row for each moment of each point: list columns unfolded side by side, scalars repeated.

    `moment` numbers them from 0. Rows without lists (failed points) are left out; a parameter
    that is a list stays one.
    """
    import numpy as np

    columns = list(table.columns)
    lists = [
        name
        for name in columns[columns.index(SEED) + 1 if SEED in columns else 0 :]
        if table[name].map(lambda value: isinstance(value, (list, np.ndarray))).any()
    ]
    if not lists:
        raise SweepError("no column has values over time")
    whole = table[table[lists].notna().all(axis=1)]
    long = whole.explode(lists, ignore_index=False)
    long.insert(long.columns.get_loc(lists[0]), "moment", long.groupby(level=0).cumcount())
    return long.infer_objects().reset_index(drop=True)
