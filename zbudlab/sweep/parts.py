"""What a sweep keeps on disk while it runs: part files, each whole or not there.

Beside the table `NAME.parquet` stands a folder `NAME.parquet.parts` with the sweep's header and a
file for each finished chunk, named by the key of its first point. When all points are there, the
table is written and the folder goes.
"""

import contextlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zbudlab.io.files import OutputError, check_writable, written_whole
from zbudlab.sweep.points import Plan, SweepError
from zbudlab.sweep.work import Record

HEADER = "sweep.json"
SUFFIX = ".json"


def check_header(found: Any, plan: Plan, where: Path) -> None:
    """Raise SweepError, with what differs, unless the results are of this very sweep."""
    if not isinstance(found, Mapping):
        raise SweepError(f"{where} is not of a sweep, or damaged")
    for name, wanted in plan.header.items():
        if found.get(name) != wanted:
            words = {
                "zbudlab": f"zbudlab {found.get(name)}, this is {wanted}",
                "experiment": f"the experiment {found.get(name)}, this is {wanted}",
                "source": "an experiment whose text was another",
            }
            raise SweepError(
                f"{where} is of {words.get(name, f'a sweep with other {name}')}: "
                "move it away, or give another file"
            )


class Parts:
    """The part files of one sweep. Raises SweepError or OutputError, each with a sentence.

    resume: whether results that are there already are welcome.
    """

    def __init__(self, out: str | Path, plan: Plan, *, resume: bool) -> None:
        self.out = check_writable(out)
        self.folder = self.out.with_name(self.out.name + ".parts")
        self.plan = plan
        there = self.out if self.out.exists() else self.folder
        if there.exists() and not resume:
            raise SweepError(
                f"{there} is there already: resume to go on with it, or give another file"
            )
        if self.folder.exists():
            self._check_folder()
        else:
            self._make_folder()

    def _check_folder(self) -> None:
        try:
            found = json.loads((self.folder / HEADER).read_text(encoding="utf-8"))
        except FileNotFoundError:  # killed before it was written
            if any(self.folder.iterdir()):
                raise SweepError(f"{self.folder} is not of a sweep, or damaged") from None
            return self._write(self.folder / HEADER, self.plan.header)
        except ValueError:
            found = None
        check_header(found, self.plan, self.folder)

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir()
        except OSError as error:
            raise OutputError(f"cannot make {self.folder}: {error.strerror}") from None
        self._write(self.folder / HEADER, self.plan.header)

    def _write(self, path: Path, values: Any) -> None:
        with written_whole(path) as file:
            file.write(json.dumps(values).encode())

    def read(self) -> dict[str, Record]:
        """All finished points by key. A damaged part counts as not there."""
        wanted = set(self.plan.keys)
        records: dict[str, Record] = {}
        for path in sorted(self.folder.glob("*" + SUFFIX)):
            if path.name != HEADER:
                with contextlib.suppress(ValueError, AttributeError):
                    part = json.loads(path.read_text(encoding="utf-8"))
                    records |= {key: record for key, record in part.items() if key in wanted}
        return records

    def add(self, keys: Sequence[str], records: Sequence[Record]) -> None:
        """Keep a finished chunk. Raises OutputError, e.g. on a full disk."""
        path = self.folder / (keys[0] + SUFFIX)
        self._write(path, dict(zip(keys, records, strict=True)))

    def remove(self) -> None:
        """Forget the parts: the table has them all."""
        shutil.rmtree(self.folder, ignore_errors=True)
