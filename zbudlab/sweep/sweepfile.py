"""A sweep as a TOML file: experiment, grid, seeds, and the file for the table."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zbudlab.io.arguments import checked
from zbudlab.io.files import read_toml
from zbudlab.io.values import is_whole
from zbudlab.sweep.named import import_from
from zbudlab.sweep.points import Experiment, SweepError

PACKAGE = "zbudlab.experiments"  #: the package of experiments named without a module
KNOWN = ("experiment", "grid", "seeds", "out")


@dataclass(frozen=True)
class SweepFile:
    """The content of a sweep file.

    experiment: the function named by "module:function", where the module may be in the file's
    folder, or by the name of a function of `zbudlab.experiments`. seeds: how many, or which. out:
    the table's file, relative to the sweep file's folder.
    """

    experiment: Experiment
    grid: Mapping[str, Any]
    seeds: int | list[int]
    out: Path

    @classmethod
    @checked()
    def load(cls, path: str | Path) -> "SweepFile":
        """Read a TOML file; SweepError if it does not describe a sweep."""
        path = Path(path)
        values = read_toml(path, SweepError)
        if unknown := set(values) - set(KNOWN):
            names = ", ".join(sorted(unknown))
            raise SweepError(f"{path}: unknown {names}; known are {', '.join(KNOWN)}")
        name, grid, seeds = values.get("experiment"), values.get("grid", {}), values.get("seeds", 1)
        if not isinstance(name, str) or not isinstance(grid, Mapping):
            raise SweepError(f'{path}: it needs experiment = "module:function" and a table [grid]')
        if not is_whole(seeds) and not isinstance(seeds, list):
            raise SweepError(f"{path}: seeds are a number, or a list of numbers, not {seeds!r}")
        out = values.get("out", path.with_suffix(".parquet").name)
        if not isinstance(out, str):
            raise SweepError(f"{path}: out is the name of a file, not {out!r}")
        full = name if ":" in name else f"{PACKAGE}:{name}"
        return cls(import_from(path.parent, full), grid, seeds, path.parent / out)
