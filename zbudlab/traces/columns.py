"""Traces as tables, CSV or Parquet: columns by name, read in batches of rows.

A CSV file has a line of names first; it may be packed with gzip or zstd, or come from a pipe. A
row with a missing value, one of the wrong kind or one out of range is counted as malformed and
named by its number (the line of names is 1). So is a CSV line with more or fewer values than
names, or with an unclosed quote: no value continues on the next line.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from zbudlab.io.streams import BLOCK, Malformed, TraceError, blocks, name_of, unpacked
from zbudlab.traces import csvlines

PARQUET = b"PAR1"  # how such a file begins
ROWS = 1 << 16  #: in a batch of a Parquet file
WHOLE = r"^(-?[0-9]{1,18}|0x[0-9a-fA-F]{1,15})$"  # what Arrow reads as an integer
LARGEST = 1 << 62  # of whole numbers
NO_NUMBER = -(1 << 52)  # below what any column allows
DECIMAL = r"^-?[0-9]{1,12}(\.[0-9]*)?([eE][+-]?[0-9]{1,2})?$"


@dataclass(frozen=True)
class Column:
    """The values of a column: numbers, or words that stand for numbers.

    default: the number for a row without a value; None = a value is required. low, high: bounds.
    real: whether fractions are allowed.
    """

    name: str
    default: int | None = None
    low: int = 0
    high: int = LARGEST
    words: Mapping[str, int] = field(default_factory=dict)
    real: bool = False

    def numbers(self, values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """Return the column as numbers, and which rows have an allowed value.

        A row without a value has the default.
        """
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
            values = self._from_text(values.cast(pa.string()))
        if pa.types.is_floating(values.type):
            values = self._from_real(pc.cast(values, pa.float64()))
        else:
            values = pc.cast(values, pa.int64(), safe=False)
        filled = pc.fill_null(values, NO_NUMBER if self.default is None else self.default)
        kind = pa.float64() if self.real else pa.int64()
        numbers = pc.cast(filled, kind, safe=False).to_numpy(zero_copy_only=False)
        return numbers, (numbers >= self.low) & (numbers <= self.high)

    def _from_real(self, values: pa.Array) -> pa.Array:
        """Return numbers, with NO_NUMBER for other values and for fractions not allowed."""
        good = pc.less_equal(pc.abs(values), float(LARGEST))
        if not self.real:
            good = pc.and_(good, pc.equal(pc.floor(values), values))
        return pc.if_else(good, values, float(NO_NUMBER))

    def _from_text(self, text: pa.Array) -> pa.Array:
        """Return words as numbers: null for an empty word, NO_NUMBER for an unknown one."""
        text = pc.utf8_lower(pc.utf8_trim_whitespace(text))
        for word, number in self.words.items():
            text = pc.replace_substring_regex(text, f"^{word}$", str(number))
        good = pc.match_substring_regex(text, DECIMAL if self.real else WHOLE)
        text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
        text = pc.if_else(good, text, pc.if_else(pc.is_valid(text), str(NO_NUMBER), text))
        return pc.cast(text, pa.float64() if self.real else pa.int64())


class Table:
    """The rows of a file in batches, read by iterating once: each a dict of name to numbers.

    columns: the wanted columns; a column that is not in the file has its default in every row.
    malformed: grows while reading. position: bytes of the file read so far.
    """

    def __init__(self, path: str | Path, columns: Sequence[Column], *, block: int = BLOCK) -> None:
        self.path = path
        self.columns = columns
        self.block = block
        self.malformed = Malformed()
        self.position = 0
        self.rows = 0  # of the file, the names among them

    def __iter__(self) -> Iterator[dict[str, np.ndarray]]:
        packed = is_parquet(self.path)
        damage = (pa.ArrowException, TraceError, *([OSError] if packed else []))
        try:
            yield from self._from_parquet() if packed else self._from_csv()
        except damage as error:
            raise TraceError(f"{name_of(self.path)}: {first_line(error)}") from None

    def _check_names(self, names: Sequence[str]) -> list[str]:
        """Return the wanted names in the file.

        Raises TraceError if a column without a default is missing, or if a name occurs twice.
        """
        for column in self.columns:
            if column.default is None and column.name not in names:
                raise TraceError(f"there is no column {column.name!r}, only {', '.join(names)}")
            if names.count(column.name) > 1:
                raise TraceError(f"there are {names.count(column.name)} columns {column.name!r}")
        return [column.name for column in self.columns if column.name in names]

    def _from_parquet(self) -> Iterator[dict[str, np.ndarray]]:
        self.rows = 1
        with parquet.ParquetFile(self.path) as file:
            names = self._check_names(file.schema_arrow.names)
            for batch in file.iter_batches(batch_size=ROWS, columns=names):
                found, good = self._numbers(batch)
                for place in np.flatnonzero(~good).tolist():
                    values = (str(column[place].as_py()) for column in batch.columns)
                    self.malformed.add(self.rows + place + 1, ",".join(values))
                self.rows += batch.num_rows
                yield {name: values[good] for name, values in found.items()}

    def _from_csv(self) -> Iterator[dict[str, np.ndarray]]:
        with unpacked(self.path) as file:
            source = blocks(file, self.block)
            names, rest, self.rows = csvlines.heading(next(source, b""))
            wanted = self._check_names(names)
            for block in chain([rest] if rest else [], source):
                lines = csvlines.parsed(block, names, wanted, self.rows)
                found, good = self._numbers(lines.rows)
                for number, text in lines.odd(good):
                    self.malformed.add(number, text)
                self.rows += block.count(b"\n")
                self.position = file.position()
                yield {name: values[good] for name, values in found.items()}

    def _numbers(self, batch: pa.RecordBatch) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Return the columns of a batch as numbers, and which rows have only allowed values."""
        good = np.ones(batch.num_rows, bool)
        found = {}
        for column in self.columns:
            if column.name in batch.schema.names:
                values = batch.column(batch.schema.get_field_index(column.name))
                found[column.name], allowed = column.numbers(values)
                good &= allowed
            else:
                found[column.name] = np.full(batch.num_rows, column.default)
        return found, good


def parquet_names(path: str | Path) -> list[str]:
    """Return the names of the columns of a Parquet file. Raises TraceError if it is damaged."""
    try:
        with parquet.ParquetFile(path) as file:
            return list(file.schema_arrow.names)
    except (pa.ArrowException, OSError) as error:
        raise TraceError(f"{name_of(path)}: {first_line(error)}") from None


def first_line(error: Exception) -> str:
    """Return the first line of an error's message."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def is_parquet(path: str | Path) -> bool:
    """Return whether a file begins like a Parquet file."""
    if str(path) == "-":
        return False
    with open(path, "rb") as file:
        return file.read(len(PARQUET)) == PARQUET
