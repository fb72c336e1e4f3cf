"""Lines of a CSV file made ready for Arrow: each a separate row, in UTF-8, with proper quotes.

No value continues on the next line, so an unclosed quote spoils only its own line: a block with odd
quotes is read one line at a time by Python's csv module. Arrow gets a copy of the text and no
callback, because one of its threads that still holds a Python object when the interpreter exits
would abort the process.
"""

import contextlib
import csv
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from zbudlab.io.streams import TraceError

UNCLOSED = "a quote is not closed"
QUOTE = ord('"')
#: Which bytes end a line, and which may be before a quoted value and after it.
LINE_ENDS, AROUND = np.zeros((2, 256), bool)
LINE_ENDS[list(b"\n\r")] = AROUND[list(b',"\n\r')] = True


def heading(block: bytes) -> tuple[list[str], bytes, int]:
    """Return the names in the first nonblank line, the text after it, and the number of lines used.

    Raises TraceError if there is no such line.
    """
    text = block.lstrip(b"\r\n")
    lines = text.splitlines(keepends=True)[:1]
    if not lines:
        raise TraceError("there is no line of names")
    line = lines[0].decode("utf-8", "replace").removeprefix("\ufeff").strip("\r\n")
    try:
        names = next(csv.reader([line], strict=True))
    except csv.Error as error:
        raise TraceError(f"the line of names {line[:80]!r} cannot be read: {error}") from None
    rest = text[len(lines[0]) :]
    return names, rest, block.count(b"\n") - rest.count(b"\n")


class Lines(NamedTuple):
    """Rows that Arrow read, and the skipped lines with reasons.

    passed: reasons by position among the nonblank lines. before: number of lines before these.
    """

    rows: pa.RecordBatch
    passed: dict[int, str]
    block: bytes
    before: int

    def odd(self, good: np.ndarray) -> list[tuple[int, str]]:
        """Return number and text of each line that was skipped or whose row is invalid."""
        if good.all() and not self.passed:
            return []
        lines = enumerate(self.block.splitlines(), self.before + 1)
        filled = [(number, line) for number, line in lines if line]
        kept = np.delete(np.arange(len(filled)), list(self.passed))
        why = self.passed | dict.fromkeys(kept[~good].tolist(), "")
        places = ((filled[place], reason) for place, reason in sorted(why.items()))
        return [(n, line.decode("utf-8", "replace") + reason) for (n, line), reason in places]


def _unquoted(line: bytes) -> bytes | None:
    """Return a line without its quotes, or None if a quote is not closed.

    A comma within a value becomes a semicolon; no column that is read contains commas.
    """
    try:
        values = next(csv.reader([line.decode("utf-8", "replace")], strict=True))
    except csv.Error:
        return None
    return ",".join(value.replace(",", ";") for value in values).encode()


def _odd_row(line: bytes, columns: int) -> str:
    """Say what is wrong with a line whose number of values is wrong; "" if it is right."""
    found = line.count(b",") + 1
    return "" if found == columns else f" ({found} columns, not {columns})"


def _rows(block: bytes, columns: int) -> tuple[bytes, dict[int, str]]:
    """Return the lines that have a value for each name, and why the others were skipped."""
    lines = [line for line in block.splitlines() if line]
    rows, passed = [], {}
    for place, line in enumerate(lines):
        row = _unquoted(line) if b'"' in line else line
        why = f" ({UNCLOSED})" if row is None else _odd_row(row, columns)
        if why or row is None:
            passed[place] = why
        else:
            rows.append(row)
    return b"\n".join([*rows, b""]), passed


def _arrow_memory(text: bytes) -> pa.Buffer:
    """Return a copy of the text in memory that belongs to Arrow."""
    buffer = pa.allocate_buffer(len(text))
    np.frombuffer(buffer, np.uint8)[:] = np.frombuffer(text, np.uint8)
    return buffer


def _in_utf8(text: bytes) -> bytes:
    """Return the text with a replacement character for each byte that is not UTF-8."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return text.decode("utf-8", "replace").encode()
    return text


def parsed(block: bytes, names: Sequence[str], wanted: Sequence[str], before: int) -> Lines:
    """Return the wanted columns of whole lines as text, a row for each line that fits the names.

    before: number of lines of the file before these.
    """
    quoted = b'"' in block
    if not quoted or _well_quoted(block):
        with contextlib.suppress(pa.ArrowInvalid):  # a row that does not fit the names
            rows = _table(_in_utf8(block), names, wanted, quoted=quoted)
            return Lines(rows, {}, block, before)
    text, passed = _rows(block, len(names))
    return Lines(_table(_in_utf8(text), names, wanted), passed, block, before)


def _well_quoted(block: bytes) -> bool:
    """Return whether quotes only enclose values, or are doubled inside of them, on every line.

    Arrow reads such lines as Python's csv module does. Each line has an even number of quotes. The
    first, third, ... one begins a value or follows another quote, the others end a value or come
    before another quote.
    """
    text = np.frombuffer(b"\n" + block + b"\n", np.uint8)
    at = np.flatnonzero(text == QUOTE)
    before_line_ends = np.searchsorted(at, np.flatnonzero(LINE_ENDS[text]))
    if (before_line_ends & 1).any():
        return False
    return bool(AROUND[text[at[::2] - 1]].all() and AROUND[text[at[1::2] + 1]].all())


def _table(
    text: bytes, names: Sequence[str], wanted: Sequence[str], *, quoted: bool = False
) -> pa.RecordBatch:
    """Return the wanted columns of rows that have a value for each name.

    Raises pa.ArrowInvalid if a row does not fit.
    """
    if not text.strip():
        schema = pa.schema([(name, pa.string()) for name in wanted])
        return pa.RecordBatch.from_pylist([], schema)
    table = arrow_csv.read_csv(
        pa.BufferReader(_arrow_memory(text)),
        arrow_csv.ReadOptions(
            use_threads=False, block_size=len(text) + 1, column_names=list(names)
        ),
        arrow_csv.ParseOptions(quote_char='"' if quoted else False),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted
        ),
    )
    (rows,) = table.combine_chunks().to_batches()
    return rows
