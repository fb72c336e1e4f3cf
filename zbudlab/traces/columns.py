"""Traces as tables, CSV or Parquet: columns by name, read in batches of rows.

A CSV file has a line of names first; it may be packed with gzip or zstd, or come from a pipe.
A row with a value missing or of the wrong kind is counted as malformed, and named by its number
(the names are row 1).
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, parquet

from zbudlab.streams import BLOCK, Malformed, TraceError, name_of, unpacked

PARQUET = b"PAR1"  # how such a file begins
ROWS = 1 << 16  #: in a batch of a Parquet file
WHOLE = r"^([+-]?[0-9]{1,18}|0x[0-9a-fA-F]{1,15})$"
NO_NUMBER = -(1 << 52)  # below what any column allows
DECIMAL = r"^[+-]?[0-9]{1,12}(\.[0-9]*)?([eE][+-]?[0-9]{1,2})?$"


@dataclass(frozen=True)
class Column:
    """What a column holds: numbers, or words that stand for numbers.

    default: where nothing is said; None = something must be. low: the least number. real:
    whether numbers may have a fraction.
    """

    name: str
    default: int | None = None
    low: int = 0
    words: Mapping[str, int] = field(default_factory=dict)
    real: bool = False

    def numbers(self, values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """The column as numbers, and which of its rows have one that is allowed.

        A row without a value has the default.
        """
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
            values = self._from_text(values.cast(pa.string()))
        if pa.types.is_floating(values.type):
            values = pc.if_else(pc.is_finite(values), values, NO_NUMBER)
        else:
            values = pc.cast(values, pa.int64(), safe=False)
        filled = pc.fill_null(values, NO_NUMBER if self.default is None else self.default)
        kind = pa.float64() if self.real else pa.int64()
        numbers = pc.cast(filled, kind, safe=False).to_numpy(zero_copy_only=False)
        return numbers, numbers >= self.low

    def _from_text(self, text: pa.Array) -> pa.Array:
        """Words as numbers: null where there is none, NO_NUMBER for words that are not known."""
        text = pc.utf8_lower(pc.utf8_trim_whitespace(text))
        for word, number in self.words.items():
            text = pc.replace_substring_regex(text, f"^{word}$", str(number))
        good = pc.match_substring_regex(text, DECIMAL if self.real else WHOLE)
        text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
        text = pc.if_else(good, text, pc.if_else(pc.is_valid(text), str(NO_NUMBER), text))
        return pc.cast(text, pa.float64() if self.real else pa.int64())


class Table:
    """A file's rows in batches, by iterating once: each a dict of name to numbers.

    columns: what is wanted; those not in the file have their default in every row. malformed:
    grows while reading. position: bytes of the file read so far.
    """

    def __init__(self, path: str | Path, columns: Sequence[Column], *, block: int = BLOCK) -> None:
        self.path = path
        self.columns = columns
        self.block = block
        self.malformed = Malformed()
        self.position = 0
        self.rows = 1  # the names
        self.skipped: list[int] = []  # rows that were no rows of this table, by number

    def __iter__(self) -> Iterator[dict[str, np.ndarray]]:
        try:
            source = self._from_parquet() if is_parquet(self.path) else self._from_csv()
            for batch in source:
                yield self._checked(batch)
        except (pa.ArrowException, TraceError) as error:
            raise TraceError(f"{name_of(self.path)}: {error}") from None

    def _check_names(self, names: Sequence[str]) -> list[str]:
        """The wanted names that are there; TraceError if one is missing that must be."""
        for column in self.columns:
            if column.default is None and column.name not in names:
                raise TraceError(f"there is no column {column.name!r}, only {', '.join(names)}")
        return [column.name for column in self.columns if column.name in names]

    def _from_parquet(self) -> Iterator[pa.RecordBatch]:
        with parquet.ParquetFile(self.path) as file:
            names = self._check_names(file.schema_arrow.names)
            yield from file.iter_batches(batch_size=ROWS, columns=names)

    def _from_csv(self) -> Iterator[pa.RecordBatch]:
        texts = {column.name: pa.string() for column in self.columns}
        with unpacked(self.path) as file:
            reader = csv.open_csv(
                file.stream,
                csv.ReadOptions(use_threads=False, block_size=self.block),
                csv.ParseOptions(invalid_row_handler=self._skip),
                csv.ConvertOptions(column_types=texts),
            )
            self._check_names(reader.schema.names)
            for batch in reader:
                self.position = file.position()
                yield batch

    def _skip(self, row: Any) -> str:
        text = f"{row.text} ({row.actual_columns} columns, not {row.expected_columns})"
        self.malformed.add(row.number, text)
        self.skipped.append(row.number)
        return "skip"

    def _row_number(self, place: int) -> int:
        """Where the row stands in the file that is the `place`-th of those that were read."""
        number = self.rows + place + 1
        while (more := self.rows + place + 1 + bisect_left(self.skipped, number + 1)) > number:
            number = more
        return number

    def _checked(self, batch: pa.RecordBatch) -> dict[str, np.ndarray]:
        good = np.ones(batch.num_rows, bool)
        found = {}
        for column in self.columns:
            if column.name in batch.schema.names:
                values = batch.column(batch.schema.get_field_index(column.name))
                found[column.name], allowed = column.numbers(values)
                good &= allowed
            else:
                found[column.name] = np.full(batch.num_rows, column.default)
        for place in np.flatnonzero(~good).tolist():
            text = ",".join(str(value.as_py()) for value in (c[place] for c in batch.columns))
            self.malformed.add(self._row_number(place), text)
        self.rows += batch.num_rows
        return {name: values[good] for name, values in found.items()}


def is_parquet(path: str | Path) -> bool:
    """Whether a file begins as Parquet does."""
    if str(path) == "-":
        return False
    with open(path, "rb") as file:
        return file.read(len(PARQUET)) == PARQUET
