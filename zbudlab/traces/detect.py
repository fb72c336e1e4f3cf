"""What kind of trace a file holds, by how it begins."""

import re
from pathlib import Path

from pyarrow import parquet

from zbudlab.io.streams import TraceError, name_of, unpacked
from zbudlab.traces.columns import is_parquet

LOOKED_AT = 1 << 18  #: bytes
ZIP = b"PK\x03\x04"  # a log of a machine is .npz
KMEM = re.compile(rb"\bmm_page_(alloc|free):")
LACKEY = re.compile(rb"^(I | L| S| M) +[0-9a-fA-F]+,\d+$", re.MULTILINE)


def _by_columns(names: list[str]) -> str | None:
    """The kind of a table."""
    if "pfn" in names:
        return "blocks"
    return "pages" if "page" in names else None


def detect(path: str | Path) -> str:
    """kmem, lackey, blocks, pages, or machine for a machine's own log; TraceError if none."""
    if str(path) == "-":
        raise TraceError("standard input cannot be looked at twice: say which kind of trace it is")
    if is_parquet(path):
        found = _by_columns(parquet.ParquetFile(path).schema_arrow.names)
    else:
        found = _by_text(path)
    if found is None:
        raise TraceError(f"{name_of(path)}: cannot tell what kind of trace this is: say it")
    return found


def _by_text(path: str | Path) -> str | None:
    with unpacked(path) as file:
        begin = file.read(LOOKED_AT)
    if begin.startswith(ZIP):
        return "machine"
    if KMEM.search(begin):
        return "kmem"
    if LACKEY.search(begin):
        return "lackey"
    names = begin.splitlines()[0].decode("utf-8", "replace") if begin else ""
    return _by_columns([name.strip().strip('"') for name in names.split(",")])
