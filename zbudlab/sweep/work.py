"""The work of a worker: run the points of a chunk and record the outcome of each.

It is in the package, so that every kind of executor finds it. An experiment gets copies of a
point's values, so what it does to a list changes no other point.
"""

import copy
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zbudlab._version import __version__
from zbudlab.sweep.points import OWN, Experiment, Point

Record = dict[str, Any]  #: of a point: result (or None), error (or None), seconds


def is_record(value: Any) -> bool:
    """Return whether a value read from a file has the form of a record."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("result"), dict | None)
        and isinstance(value.get("error"), str | None)
        and isinstance(value.get("seconds"), float)
        and math.isfinite(value["seconds"])
        and (value["result"] is None) != (value["error"] is None)
    )


def plain(value: Any) -> Any:
    """Return a result as plain values for JSON: NumPy numbers and arrays become Python's."""
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biufU":
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(name): plain(v) for name, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, str):
        value.encode()  # half a surrogate pair fits in no table
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"a result must be a number, a text or a list of these, not {value!r}")


def _sentence(error: BaseException) -> str:
    try:
        said = str(error)
    except Exception:  # experiments may raise errors of any class
        said = "its message cannot be shown"
    return f"{type(error).__name__}: {said}".encode(errors="backslashreplace").decode()


def _results(found: Any, point: Point) -> dict[str, Any]:
    if not isinstance(found, Mapping):
        raise TypeError(f"an experiment returns its results by name, as a dict, not {found!r}")
    results = {str(name): plain(value) for name, value in found.items()}
    for name in results:
        if name in point or name in OWN:
            raise ValueError(f"a result cannot be called {name}: the table has that column already")
    return results


def _run_point(experiment: Experiment, point: Point) -> Record:
    started = time.perf_counter()
    record: Record = {"result": None, "error": None}
    try:
        record["result"] = _results(experiment(**copy.deepcopy(point)), point)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # whatever an experiment raises, the other points go on
        record["error"] = _sentence(error)
    record["seconds"] = time.perf_counter() - started
    return record


def _run_batch(experiment: Experiment, points: Sequence[Point]) -> list[Record]:
    """Run all points in one call of the experiment's batch form; one by one if that fails."""
    started = time.perf_counter()
    try:
        given = experiment.batch(copy.deepcopy(list(points)))  # type: ignore[attr-defined]
        found = [_results(*pair) for pair in zip(given, points, strict=True)]
    except (Exception, SystemExit):
        return [_run_point(experiment, point) for point in points]
    each = (time.perf_counter() - started) / len(points)
    return [{"result": result, "error": None, "seconds": each} for result in found]


def run_chunk(experiment: Experiment, points: Sequence[Point]) -> tuple[str, list[Record]]:
    """Run points; return the version of zbudlab that ran them, and a record for each.

    If the experiment has an attribute `batch`, a function of a list of points that returns their
    results in order, all points are run in one call of it.
    """
    if hasattr(experiment, "batch"):
        return __version__, _run_batch(experiment, points)
    return __version__, [_run_point(experiment, point) for point in points]


def ping(experiment: Experiment) -> str:
    """Return a worker's version of zbudlab, once it runs and has found the experiment."""
    return __version__
