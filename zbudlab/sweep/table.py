"""The table of a sweep: pandas in memory, one Parquet or CSV file on disk."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zbudlab._version import __version__
from zbudlab.io.arguments import checked
from zbudlab.io.files import check_readable, written_whole
from zbudlab.io.values import shown
from zbudlab.sweep.design import Design
from zbudlab.sweep.points import OWN, SEED, SweepError, canonical
from zbudlab.sweep.work import Record

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

METADATA = b"zbudlab.sweep"
CSV = ".csv"


def _column(values: Sequence[Any]) -> "pa.Array":
    """Return a column of one type; tables, and values without a common type, become JSON text."""
    import pyarrow as pa

    if not any(isinstance(value, Mapping) for value in values):
        try:
            return pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            pass
    return _as_text(values)


def _as_text(values: Sequence[Any]) -> "pa.Array":
    """Return a column of JSON texts; texts stay as they are, and None stays missing."""
    import pyarrow as pa

    texts = [value if isinstance(value, str) else canonical(value) for value in values]
    return pa.array([None if v is None else t for v, t in zip(values, texts, strict=True)])


def make_table(design: Design, records: Mapping[str, Record]) -> "pa.Table":
    """Make a table with a row for each point, in the order of the grid."""
    import pyarrow as pa

    rows = [records[key] for key in design.keys]
    columns = {name: _column([p[name] for p in design.points]) for name in (*design.grid, SEED)}
    for name in dict.fromkeys(name for row in rows for name in row["result"] or ()):
        columns[name] = _column([(row["result"] or {}).get(name) for row in rows])
    columns["error"] = pa.array([row["error"] for row in rows], pa.string())
    columns["seconds"] = pa.array([row["seconds"] for row in rows], pa.float64())
    columns["zbudlab"] = pa.array([__version__] * len(rows))
    metadata = {METADATA: json.dumps(design.header).encode()}
    return pa.table(columns).replace_schema_metadata(metadata)


def write_table(table: "pa.Table", path: Path) -> None:
    """Write a table whole or not at all: CSV by the file's name, else Parquet with the header."""
    import pyarrow.csv
    import pyarrow.parquet as pq

    with written_whole(path) as file:
        if path.suffix.lower() == CSV:
            pyarrow.csv.write_csv(_flat(table), file)
        else:
            pq.write_table(table, file, write_page_checksum=True)


def _flat(table: "pa.Table") -> "pa.Table":
    """Return the table with lists as JSON text, as CSV has none."""
    import pyarrow as pa

    for place, column in enumerate(table.schema):
        if pa.types.is_nested(column.type) or pa.types.is_null(column.type):
            texts = _as_text(table[column.name].to_pylist()).cast(pa.string())
            table = table.set_column(place, column.name, texts)
    return table


def read_arrow(path: str | Path) -> "tuple[pa.Table, dict[str, Any]]":
    """Read a finished sweep's table and its header; SweepError for any other file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if Path(path).suffix.lower() == CSV:
        raise SweepError(
            f"{path} is CSV, which does not say what it is of: only Parquet tables can be resumed"
        )
    try:
        table = pq.read_table(check_readable(path), page_checksum_verification=True)
        header = json.loads((table.schema.metadata or {})[METADATA])
    except (pa.ArrowException, KeyError, ValueError, OSError):
        raise SweepError(f"{path} is not the table of a sweep, or is damaged") from None
    return table, header


class DataTable:
    """A pandas table."""

    def fault(self, name: str, value: Any) -> str:
        """Say what is wrong with a value, or return ""."""
        import pandas as pd

        return (
            ""
            if isinstance(value, pd.DataFrame)
            else f"{name} must be a table of pandas, not {shown(value)}"
        )


@checked()
def read_table(path: str | Path) -> "tuple[pd.DataFrame, dict[str, Any]]":
    """Read a finished sweep's table and its header; SweepError for any other file."""
    table, header = read_arrow(path)
    return table.to_pandas(), header


def records_of(design: Design, table: "pa.Table") -> dict[str, Record]:
    """Return the records of a finished table of this design, by key.

    A column that has JSON texts because its values had no common type keeps the texts.
    """
    own = {*design.grid, SEED, *OWN}
    names = [name for name in table.column_names if name not in own]
    results = table.select(names).to_pylist()
    timed = zip(table["error"].to_pylist(), table["seconds"].to_pylist(), strict=True)
    return {
        key: {"result": result if error is None else None, "error": error, "seconds": seconds}
        for key, result, (error, seconds) in zip(design.keys, results, timed, strict=True)
    }


@checked(table=DataTable())
def over_time(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return a row for each moment of each point: lists unfolded side by side, scalars repeated.

    `moment` numbers the rows of a point from 0. Rows without lists (failed points) are left out;
    a parameter that is a list stays one. SweepError if no column has lists.
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
