"""What a worker does: run the points of a chunk, and say what came of each.

It stands in the package, so that every kind of executor finds it.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zbudlab import __version__
from zbudlab.sweep.points import Experiment, Point

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
    return f"{type(error).__name__}: {error}".encode(errors="backslashreplace").decode()


def _results(found: Any) -> dict[str, Any]:
    if not isinstance(found, Mapping):
        raise TypeError(f"an experiment gives its results by name, as a dict, not {found!r}")
    return {str(name): plain(value) for name, value in found.items()}


def _run_point(experiment: Experiment, point: Point) -> Record:
    started = time.perf_counter()
    record: Record = {"result": None, "error": None}
    try:
        record["result"] = _results(experiment(**point))
    except (Exception, SystemExit) as error:  # an experiment may be anybody's: the others go on
        record["error"] = _sentence(error)
    record["seconds"] = time.perf_counter() - started
    return record


def _run_batch(experiment: Experiment, points: Sequence[Point]) -> list[Record]:
    """All points in one call of the experiment's batch form; one by one if that fails."""
    started = time.perf_counter()
    try:
        found = [_results(result) for result in experiment.batch(list(points))]  # type: ignore[attr-defined]
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
