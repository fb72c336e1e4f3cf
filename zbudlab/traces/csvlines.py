"""Lines of a CSV file as Arrow can take them: each a row of its own, in UTF-8.

A quote that nobody closes would make one value of all lines behind it. Such a line is put out of
the way here, for the table's reader to count and name.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import csv

from zbudlab.io.streams import TraceError
from zbudlab.jit import kernel

QUOTE, COMMA, NEWLINE, RETURN = b'",\n\r'
UNCLOSED = b"\x01"  #: how the line begins that stands for one with an open quote


@kernel(inline=False)
def scan_quotes(text, spans):
    """Where lines stand in which a quoted value does not end; how many.

    text: uint8, whole lines. spans: int64 (n, 2), begin and end of each, room for all quotes. A
    quote begins a value only at its start; two within it are one of its characters.
    """
    found = start = 0
    fresh, quoted = True, False
    for at in range(text.shape[0]):
        byte = text[at]
        if byte in (NEWLINE, RETURN):
            if quoted:
                spans[found, 0] = start
                spans[found, 1] = at
                found += 1
            start = at + 1
            fresh, quoted = True, False
        elif byte == QUOTE and (fresh or quoted):
            quoted = not quoted
            fresh = not quoted and at + 1 < text.shape[0] and text[at + 1] == QUOTE
        else:
            fresh = byte == COMMA and not quoted
    return found


def closed(block: bytes, columns: int) -> bytes:
    """Whole lines, with each in which a quote stays open replaced by UNCLOSED.

    That has another number of columns than a table has.
    """
    quotes = block.count(b'"')
    if not quotes:
        return block
    spans = np.empty((quotes, 2), np.int64)
    found = scan_quotes(np.frombuffer(block, np.uint8), spans)
    instead = UNCLOSED + (b"," if columns == 1 else b"")
    pieces, at = [], 0
    for start, end in spans[:found].tolist():
        pieces += [block[at:start], instead]
        at = end
    return b"".join([*pieces, block[at:]])


def in_utf8(block: bytes) -> bytes:
    """The text with a replacement character for each byte that is no UTF-8."""
    try:
        block.decode()
    except UnicodeDecodeError:
        return block.decode("utf-8", "replace").encode()
    return block


def heading(block: bytes) -> tuple[list[str], bytes, int]:
    """The names in the first line that is not blank, the lines behind it, how many lines that took.

    Raises TraceError if there is no such line.
    """
    text = block.lstrip(b"\r\n")
    lines = text.splitlines(keepends=True)[:1]
    if not lines:
        raise TraceError("there is no line of names")
    names = csv.read_csv(pa.BufferReader(lines[0])).schema.names
    rest = text[len(lines[0]) :]
    return names, rest, block.count(b"\n") - rest.count(b"\n")


class Lines(NamedTuple):
    """Lines of a file: rows that Arrow read, and which lines it passed over, with the reason.

    before: lines before these.
    """

    rows: pa.RecordBatch
    passed: dict[int, str]  # by place among the lines that are not blank
    block: bytes
    before: int

    def odd(self, good: np.ndarray) -> list[tuple[int, str]]:
        """Number and text of each line that was passed over, or whose row is not good."""
        if good.all() and not self.passed:
            return []
        lines = enumerate(self.block.splitlines(), self.before + 1)
        told = [(number, line) for number, line in lines if line]
        kept = np.delete(np.arange(len(told)), list(self.passed))
        why = self.passed | dict.fromkeys(kept[~good].tolist(), "")
        places = ((told[place], reason) for place, reason in sorted(why.items()))
        return [(n, line.decode("utf-8", "replace") + why) for (n, line), why in places]


def parsed(block: bytes, names: Sequence[str], wanted: Sequence[str], before: int) -> Lines:
    """The wanted columns of whole lines, as text; a row only for lines with a value for each name.

    before: lines of the file before these.
    """
    passed = {}

    def skip(row: Any) -> str:
        open_quote = row.text.startswith(UNCLOSED.decode())
        columns = f"{row.actual_columns} columns, not {row.expected_columns}"
        passed[row.number - 1] = f" ({'a quote is not closed' if open_quote else columns})"
        return "skip"

    text = in_utf8(closed(block, len(names)))
    table = csv.read_csv(
        pa.BufferReader(text),
        csv.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=list(names)),
        csv.ParseOptions(invalid_row_handler=skip),
        csv.ConvertOptions(column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted),
    )
    (rows,) = table.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], table.schema)]
    return Lines(rows, passed, block, before)
