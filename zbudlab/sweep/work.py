"""What a worker does: run the points of a chunk, and say what came of each.

It stands in the package, so that every kind of executor finds it. An experiment gets copies of a
point's values: what it does to a list changes no other point, whoever runs them.
"""

import copy
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zbudlab._version import __version__
from zbudlab.sweep.points import OWN, Experiment, Point

Record = dict[str, Any]  # of a point: result (or None), error (or None), seconds


def plain(value: Any) -> Any:
    """A result as JSON has it: numpy's numbers and arrays become Python's."""
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biufU":
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(name): plain(v) for name, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, str):
        value.encode()  # no table takes half a character
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"a result must be a number, a text or a list of these, not {value!r}")


def _sentence(error: BaseException) -> str:
    try:
        said = str(error)
    except Exception:  # an error may be anybody's, too
        said = "what went wrong it cannot say"
    return f"{type(error).__name__}: {said}".encode(errors="backslashreplace").decode()


def _results(found: Any, point: Point) -> dict[str, Any]:
    if not isinstance(found, Mapping):
        raise TypeError(f"an experiment gives its results by name, as a dict, not {found!r}")
    results = {str(name): plain(value) for name, value in found.items()}
    for name in results:
        if name in point or name in OWN:
            raise ValueError(f"a result cannot be called {name}: that column is there already")
    return results


def _run_point(experiment: Experiment, point: Point) -> Record:
    started = time.perf_counter()
    record: Record = {"result": None, "error": None}
    try:
        record["result"] = _results(experiment(**copy.deepcopy(point)), point)
    except (Exception, SystemExit) as error:  # an experiment may be anybody's: the others go on
        record["error"] = _sentence(error)
    record["seconds"] = time.perf_counter() - started
    return record


def _run_batch(experiment: Experiment, points: Sequence[Point]) -> list[Record]:
    """All points in one call of the experiment's batch form; one by one if that fails."""
    started = time.perf_counter()
    try:
        given = experiment.batch(copy.deepcopy(list(points)))  # type: ignore[attr-defined]
        found = [_results(*pair) for pair in zip(given, points, strict=True)]
    except (Exception, SystemExit):
        return [_run_point(experiment, point) for point in points]
    each = (time.perf_counter() - started) / len(points)
    return [{"result": result, "error": None, "seconds": each} for result in found]


def run_chunk(experiment: Experiment, points: Sequence[Point]) -> tuple[str, list[Record]]:
    """The version of zbudlab that ran it, and a record for each point.

    An experiment with an attribute `batch`, a function of a list of points that gives their
    results in order, is asked for all at once.
    """
    if hasattr(experiment, "batch"):
        return __version__, _run_batch(experiment, points)
    return __version__, [_run_point(experiment, point) for point in points]


def ping(experiment: Experiment) -> str:
    """The version of zbudlab of a worker that can be reached, and finds the experiment."""
    return __version__
