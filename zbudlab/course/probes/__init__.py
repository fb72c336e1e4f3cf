"""Probes: what a check does with functions, and what it observes. One module per kind.

A probe takes a Bench (functions, and how to plug them into a machine) and a case, and returns
plain data about what happened. It contains no right answer, because it also runs in the student's
process: the notebook's, or the grading sandbox's. With the reference functions it runs in the
grader's process.
"""

import contextlib
import functools
import importlib
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from zbudlab import jit
from zbudlab.course.probes.imports import Idle, NotThere, replacements

SEARCH = "e09_races.look"
NOT_WRITTEN = "not written yet"
TOO_SLOW = "no answer in time: is there a loop that doesn't end?"


class TooSlow(BaseException):
    """The time limit of a case passed. `except Exception` does not catch it."""


def _nobody(question: Any) -> Any:
    raise ValueError("there is no process to ask")


class Bench:
    """A place to try functions. functions: by the students' names. plugs: kernels' names.

    others: what replaces the student's other functions, which the tried ones may call; see
    `stand_in`. machine: the machine that a probe built, for pictures. ask: sends a question to the
    side that compares (`zbudlab.course.grader_side`) and returns the reply.
    """

    def __init__(
        self, functions: Mapping[str, Any], plugs: Mapping[str, str], others: Mapping[str, Any]
    ) -> None:
        self.functions = functions
        self.plugs = plugs
        self.others = others
        self.machine: Any = None
        self.ask: Callable[[Any], Any] = _nobody

    def with_stand_ins(self) -> dict[str, Any]:
        """Return the functions, with right functions in place of the others."""
        return {name: stand_in(found) for name, found in self.others.items()} | {**self.functions}

    def instead(self) -> dict[str, Any]:
        """Return the functions that replace kernels, by the kernels' names."""
        return {
            kernel: self.functions[name]
            for name, kernel in self.plugs.items()
            if name in self.functions and self.functions[name] is not jit.KERNELS[kernel]
        }

    def instead_alone(self) -> dict[str, Any]:
        """Return `instead` for use outside `alone`: each call runs as it would there."""

        def wrapped(function: Any) -> Any:
            @functools.wraps(function)
            def call(*arguments: Any) -> Any:
                with self.alone():
                    return function(*arguments)

            return call

        return {name: wrapped(function) for name, function in self.instead().items()}

    def plugged(self) -> contextlib.AbstractContextManager[None]:
        """Replace kernels of the package by the functions of the bench within a block."""
        mine = self.instead()
        return jit.replaced(mine) if mine else contextlib.nullcontext()

    @contextlib.contextmanager
    def plainly(self) -> Iterator[None]:
        """Do what `plugged` does, with every kernel uncompiled, including those that are called.

        If a wrong function breaks lists and counts, plain Python raises an exception, while
        compiled code would end the process.
        """
        mine = self.instead()
        if not mine:
            yield
            return
        compiled = {id(found): found for found in jit.KERNELS.values()}
        with jit.uncompiled(jit.KERNELS, mine):

            def plain_forms(names: dict[str, Any]) -> dict[str, Any]:
                found = {name: compiled.get(id(value)) for name, value in names.items()}
                return {name: _bound(value) for name, value in found.items() if value is not None}

            with self._renamed(plain_forms):
                yield

    @contextlib.contextmanager
    def _renamed(self, new_names: Callable[[dict[str, Any]], dict[str, Any]]) -> Iterator[None]:
        """Give the functions other values for names of their notebook within a block."""
        undo: list[tuple[dict[str, Any], dict[str, Any], set[str]]] = []
        for function in self.functions.values():
            names = getattr(function, "__globals__", {})
            if names.get("__name__") == "__main__":
                new = new_names(names)
                undo.append((names, {name: names[name] for name in new if name in names}, set(new)))
                names.update(new)
        try:
            yield
        finally:
            for names, old, added in reversed(undo):
                for name in added:
                    names.pop(name, None)
                names.update(old)

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """Let the functions find kernels instead of the student's others within a block.

        This includes functions that are not written yet. Names that the grading sandbox lacks are
        replaced by stand-ins that say so.
        """
        return self._renamed(
            lambda names: replacements(names) | {n: stand_in(f) for n, f in self.others.items()}
        )


def _bound(found: Any) -> Any:
    """Return what a kernel's module has by its name now, while kernels are replaced."""
    function = getattr(found, "py_func", found)
    return getattr(sys.modules[function.__module__], function.__name__)


def kernel(name: str) -> Any:
    """Return the package's function `module.function`."""
    importlib.import_module(f"zbudlab.mm.{name.partition('.')[0]}")
    return jit.KERNELS[name]


def stand_in(found: Any) -> Any:
    """Return a right function: a kernel by its name, or one of {"source": ..., "name": ...}."""
    if isinstance(found, str):
        return kernel(found)
    names: dict[str, Any] = {"__name__": "stand-ins", "Any": Any, "np": np}
    exec(found["source"], names)
    return names[found["name"]]


def plain(value: Any) -> Any:
    """Return a value as JSON does: NumPy's numbers become Python's, tuples lists."""
    return json.loads(json.dumps(value, default=_plain_number))


def _plain_number(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (np.integer, np.bool_, np.floating)):
        return value.item()
    if isinstance(value, Idle):
        raise NotThere(Idle.why(value))
    raise TypeError(f"{type(value).__name__} is not a plain answer: give numbers, text or lists")


@contextlib.contextmanager
def time_limit(seconds: float | None, *, clock: bool = False) -> Iterator[None]:
    """Raise TooSlow after that many seconds, if the system and the thread support alarms.

    The time starts again after a kernel was compiled, which happens once. clock: whether to
    measure wall-clock seconds instead of CPU seconds.
    """
    alarm = getattr(signal, "SIGALRM" if clock else "SIGPROF", None)
    if (
        seconds is None
        or alarm is None
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    timer = signal.ITIMER_REAL if clock else signal.ITIMER_PROF

    def ring(number: int, frame: Any) -> None:
        if not jit.compiling():
            raise TooSlow
        signal.setitimer(timer, seconds)

    before = signal.signal(alarm, ring)
    signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        signal.setitimer(timer, 0)
        signal.signal(alarm, before)


def trouble(error: BaseException) -> str:
    """Return in one line what went wrong in a student's code."""
    if isinstance(error, NotImplementedError):
        return NOT_WRITTEN
    if isinstance(error, TooSlow):
        return TOO_SLOW
    first = str(error).strip().partition("\n")[0][:200]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def find(name: str) -> Callable[[Bench, dict[str, Any]], Any]:
    """Return the probe `module.function`."""
    module, _, function = name.rpartition(".")
    return getattr(importlib.import_module(f"{__name__}.{module}"), function)


def observe(
    probe: str, bench: Bench, case: dict[str, Any], seconds: float | None = None
) -> dict[str, Any]:
    """Return {"answer": ...}, or {"error": a line} if the functions raise or take too long."""
    try:
        with time_limit(seconds), bench.alone():
            return {"answer": plain(find(probe)(bench, case))}
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return {"error": trouble(error)}


def looked(probe: str, case: dict[str, Any]) -> Any:
    """Run a probe that examines memory and needs no functions."""
    return plain(find(probe)(Bench({}, {}, {}), case))


def looked_plainly(probe: str, case: dict[str, Any]) -> Any:
    """Run `looked` uncompiled, so that an index out of bounds raises IndexError.

    A search through schedules does that itself, as it also replaces functions.
    """
    with contextlib.nullcontext() if probe == SEARCH else jit.uncompiled(jit.KERNELS):
        return looked(probe, case)
