"""Detect the kind of trace in a file from its first lines."""

import re
from pathlib import Path

from zbudlab.io.streams import TraceError, blocks, name_of, unpacked
from zbudlab.traces.columns import is_parquet, parquet_names
from zbudlab.traces.systrace import TraceData, is_page

LOOKED_AT = 1 << 18  #: bytes
ZIP = b"PK\x03\x04"  # a log of a machine is .npz
KMEM = re.compile(rb"\b(mm_page_(alloc|free|free_direct)|mm_pagevec_free)[:(]")
LACKEY = re.compile(rb"^(I | L| S| M) +[0-9a-fA-F]+,\d+\r?$", re.MULTILINE)
ADDRESSES = re.compile(
    rb"^[ \t]*((0x)?[0-9a-f]+[ \t,]+[rw]|[rw][ \t,]+(0x)?[0-9a-f]+)[ \t]*\r?$", re.M | re.I
)
#: Lines that only traces of operations have. Some of their other lines look like addresses.
OPERATIONS = re.compile(rb"^(a \d+ \d+|[fm] \d+|P \d+|S( -?\d+){5,})[ \t]*\r?$", re.M)
RECORDING = re.compile(rb"^#columns phase op page content ", re.M)
MEM_INFO = re.compile(rb"\d+\*\d+kB[^\n]*= \d+kB|page allocation failure|invoked oom-killer")


def _by_columns(names: list[str]) -> str | None:
    """Return the kind of a table, None if its columns fit no kind."""
    if "pfn" in names:
        return "blocks"
    return "pages" if "page" in names else None


def detect(path: str | Path) -> str:
    """Return the kind of the trace in a file.

    It is kmem, lackey, addresses, blocks, pages, zswap-run for a recording of zswap's counters, or
    machine for the log of a machine. Raises TraceError if the file fits no kind, or several.
    """
    if str(path) == "-":
        raise TraceError("standard input cannot be read twice: give the kind of trace")
    found = _by_columns(parquet_names(path)) if is_parquet(path) else _by_text(path)
    if found is None:
        raise TraceError(f"{name_of(path)}: the kind of this trace is not known: give it")
    return found


def _by_text(path: str | Path) -> str | None:
    with unpacked(path) as file:
        begin = file.read(LOOKED_AT)
    if begin.startswith(ZIP):
        return "machine"
    if RECORDING.search(begin):
        return "zswap-run"
    if OPERATIONS.search(begin):
        raise TraceError(
            f"{name_of(path)}: this is a trace of operations, which does not say for what: "
            "give zsmalloc-6.1, zsmalloc-7, zswap-7 or z3fold-6.1 as its kind"
        )
    for kind, pattern in (("kmem", KMEM), ("lackey", LACKEY), ("addresses", ADDRESSES)):
        if pattern.search(begin):
            return kind
    if is_page(begin) and _in_page(path):
        return "kmem"
    if MEM_INFO.search(begin):
        raise TraceError(
            f"{name_of(path)}: this is a kernel log with a report on memory, not a trace: "
            "zbudlab why and zbudlab host --root read it"
        )
    names = begin.splitlines()[0].decode("utf-8", "replace") if begin else ""
    return _by_columns([name.strip().strip('"') for name in names.split(",")])


def _in_page(path: str | Path) -> bool:
    """Return whether the trace inside an HTML page has events of the page allocator."""
    with unpacked(path) as file:
        return any(KMEM.search(block) for block in TraceData().of(blocks(file)))
