"""Traces as tables, CSV or Parquet: columns by name, read in batches of rows.

A CSV file has a line of names first; it may be packed with gzip or zstd, or come from a pipe.
A row with a value missing, of the wrong kind or beyond what can be is counted as malformed, and
named by its number (the names are 1). So is a line of CSV with other than a value for each name, or
with a quote that it does not close: no value goes over the end of a line.
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
WHOLE = r"^(-?[0-9]{1,18}|0x[0-9a-fA-F]{1,15})$"  # what Arrow takes for a number, too
LARGEST = 1 << 62  # of whole numbers
NO_NUMBER = -(1 << 52)  # below what any column allows
DECIMAL = r"^-?[0-9]{1,12}(\.[0-9]*)?([eE][+-]?[0-9]{1,2})?$"


@dataclass(frozen=True)
class Column:
    """What a column holds: numbers, or words that stand for numbers.

    default: where nothing is said; None = something must be. low, high: the least and the greatest
    number. real: whether numbers may have a fraction.
    """

    name: str
    default: int | None = None
    low: int = 0
    high: int = LARGEST
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
            values = self._from_real(pc.cast(values, pa.float64()))
        else:
            values = pc.cast(values, pa.int64(), safe=False)
        filled = pc.fill_null(values, NO_NUMBER if self.default is None else self.default)
        kind = pa.float64() if self.real else pa.int64()
        numbers = pc.cast(filled, kind, safe=False).to_numpy(zero_copy_only=False)
        return numbers, (numbers >= self.low) & (numbers <= self.high)

    def _from_real(self, values: pa.Array) -> pa.Array:
        """Numbers, with NO_NUMBER for what is none, and for fractions where none may be."""
        good = pc.less_equal(pc.abs(values), float(LARGEST))
        if not self.real:
            good = pc.and_(good, pc.equal(pc.floor(values), values))
        return pc.if_else(good, values, float(NO_NUMBER))

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
        self.rows = 0  # of the file, the names among them

    def __iter__(self) -> Iterator[dict[str, np.ndarray]]:
        try:
            yield from self._from_parquet() if is_parquet(self.path) else self._from_csv()
        except (pa.ArrowException, TraceError) as error:
            raise TraceError(f"{name_of(self.path)}: {error}") from None

    def _check_names(self, names: Sequence[str]) -> list[str]:
        """The wanted names that are there; TraceError if one is missing that must be, or twice."""
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
        """The columns of a batch as numbers, and which of its rows have none that cannot be."""
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


def is_parquet(path: str | Path) -> bool:
    """Whether a file begins as Parquet does."""
    if str(path) == "-":
        return False
    with open(path, "rb") as file:
        return file.read(len(PARQUET)) == PARQUET
