"""The files that a sweep keeps on disk while it runs: part files, each written whole or not at all.

Next to the table `NAME.parquet` is a folder `NAME.parquet.parts` with the sweep's header, a lock,
and a file for each finished chunk, named by the key of its first point. A part holds records and
their checksum; one that does not match counts as missing. When all points are done, the table is
written and the folder is removed.
"""

import contextlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from zbudlab.io.files import OutputError, check_writable, written_whole
from zbudlab.sweep.design import Design
from zbudlab.sweep.lock import NAME as LOCK
from zbudlab.sweep.lock import locked
from zbudlab.sweep.points import SweepError, canonical, digest
from zbudlab.sweep.sources import changes
from zbudlab.sweep.work import Record, is_record

HEADER = "sweep.json"
SUFFIX = ".json"


def check_header(found: Any, design: Design, where: Path) -> None:
    """Raise SweepError, with what differs, unless the results are of this sweep."""
    if not isinstance(found, Mapping):
        raise SweepError(f"{where} does not belong to a sweep, or is damaged")
    for name, wanted in design.header.items():
        if found.get(name) == wanted:
            continue
        words = {
            "zbudlab": f"was made by zbudlab {found.get(name)}, this is {wanted}",
            "experiment": f"is of the experiment {found.get(name)}, this is {wanted}",
            "files": f"is from before {changes(found.get('files'), design.files)}",
        }
        raise SweepError(
            f"{where} {words.get(name, f'is of a sweep with other {name}')}: "
            "move it away, or give another file"
        )


class Parts:
    """The part files of one sweep, while this process holds their lock.

    Raises SweepError or OutputError, each with a sentence. resume: whether to go on with results
    that exist; without it they are refused.
    """

    def __init__(self, out: str | Path, design: Design, *, resume: bool) -> None:
        self.out = check_writable(out)
        self.folder = folder_of(self.out)
        self.design = design
        self.resume = resume

    @contextlib.contextmanager
    def opened(self) -> Iterator["Parts"]:
        """Hold the folder for the duration of the block."""
        self._check_absent()
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot create {self.folder}: {error.strerror}") from None
        with locked(self.folder):
            self._check_folder()
            yield self

    def _check_absent(self) -> None:
        """Refuse results that exist, unless they are to be resumed; an empty folder has none."""
        there = self.out if self.out.exists() else self.folder
        if there.exists() and not self.resume and (there == self.out or _has_results(there)):
            raise SweepError(f"{there} exists: resume to go on with it, or give another file")

    def _check_folder(self) -> None:
        header = self.folder / HEADER
        if not header.exists():  # new, or its sweep was killed before it wrote the header
            if _has_results(self.folder):
                raise SweepError(f"{self.folder} does not belong to a sweep, or is damaged")
            return self._write(header, self.design.header)
        try:
            found = json.loads(header.read_text(encoding="utf-8"))
        except (ValueError, OSError, RecursionError):
            found = None
        check_header(found, self.design, self.folder)

    def _write(self, path: Path, values: Any) -> None:
        with written_whole(path) as file:
            file.write(json.dumps(values).encode())

    def read(self) -> dict[str, Record]:
        """Return all finished points by key, without those in damaged parts."""
        wanted = set(self.design.keys)
        records: dict[str, Record] = {}
        for path in sorted(self.folder.glob("*" + SUFFIX)):
            if path.name != HEADER:
                part = _sound(path)
                records |= {key: record for key, record in part.items() if key in wanted}
        return records

    def add(self, keys: Sequence[str], records: Sequence[Record]) -> None:
        """Keep a finished chunk. Raises OutputError, e.g. on a full disk."""
        kept = dict(zip(keys, records, strict=True))
        self._write(self.folder / (keys[0] + SUFFIX), {"sum": _sum(kept), "records": kept})

    def remove(self) -> None:
        """Remove the parts after the table was written."""
        shutil.rmtree(self.folder, ignore_errors=True)


def folder_of(out: Path) -> Path:
    """Return the folder of the parts of a table."""
    return out.with_name(out.name + ".parts")


def _has_results(folder: Path) -> bool:
    """Return whether a folder has more than a lock and files that were never finished."""
    return any(path.name != LOCK and path.name[0] != "." for path in folder.iterdir())


def _sum(records: Mapping[str, Record]) -> str:
    return digest(canonical(records))


def _sound(path: Path) -> dict[str, Record]:
    """Return the records of a part file, none if the file is damaged."""
    try:
        if not path.is_file():
            return {}
        part = json.loads(path.read_text(encoding="utf-8"))
        records = part["records"]
        if part["sum"] == _sum(records) and all(map(is_record, records.values())):
            return records
    except (ValueError, LookupError, TypeError, AttributeError, OSError, RecursionError):
        pass
    return {}
