"""A sweep as a TOML file: experiment, grid, seeds, and where the table goes."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zbudlab.io.files import read_toml
from zbudlab.io.values import is_whole
from zbudlab.sweep.points import Experiment, SweepError, experiment_named

PACKAGE = "zbudlab.experiments"  #: where experiments named without a module stand
KNOWN = ("experiment", "grid", "seeds", "out")


@dataclass(frozen=True)
class SweepFile:
    """What a file says.

    experiment: "module:function", the module being found in the file's folder too; or the name of
    a function of `zbudlab.experiments`. seeds: how many, or which. out: beside the file.
    """

    experiment: Experiment
    grid: Mapping[str, Any]
    seeds: int | list[int]
    out: Path

    @classmethod
    def load(cls, path: str | Path) -> "SweepFile":
        """The sweep of a TOML file; SweepError where there is none."""
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
        sys.path.insert(0, str(path.parent.resolve()))
        experiment = experiment_named(name if ":" in name else f"{PACKAGE}:{name}")
        return cls(experiment, grid, seeds, path.parent / out)
