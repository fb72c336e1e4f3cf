"""Step through the inside of an operation: a stop after each of its parts.

The functions of `function_sentences.STAGES`, and all functions that lead to them, run uncompiled
and report when they are done. To show the machine at one of these stops, the operation is run
again from the stop before it and a snapshot is taken at the part that was asked for. What the
operation does afterwards cannot change the snapshot, so it is exact.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

import numpy as np

from zbudlab import jit
from zbudlab.history.changes import Moment
from zbudlab.history.explanation import Explanation, explain
from zbudlab.history.function_sentences import MOVING, OTHERS, stage
from zbudlab.history.sentences import Transition
from zbudlab.io.arguments import checked
from zbudlab.machine import Machine
from zbudlab.machine.logfile import NoSuchStop
from zbudlab.machine.oplog import Entry

MOST = 1500  #: parts of one operation at which it can be stopped


class Part(NamedTuple):
    """A part of an operation.

    stage: its name for the reader. name: `module.function`. numbers: the function's integer
    arguments by name. caller: the function of `zbudlab.mm` that called it.
    """

    stage: str
    name: str
    numbers: dict[str, int]
    result: int
    caller: str


class Rewindable(Protocol):
    """The part of `History` that `Inside` uses."""

    machine: Machine
    functions: dict[str, Callable]

    def __getitem__(self, stop: int) -> Entry: ...

    def steps(self, stop: int) -> list[Entry]:
        """Return the steps of the operation that led to a stop."""

    def machine_at(self, stop: int) -> Machine:
        """Return the machine after that many operations."""

    def leave(self) -> None:
        """Note that the machine is between two stops."""

    def run(self, entry: Entry, hooks: Mapping[str, Callable] | None = None) -> int:
        """Run an operation with functions instead of kernels."""


class _Enough(BaseException):
    """Raised inside an operation once the part that was asked for is done."""


class Inside:
    """The operation that led to a stop, part by part: `parts`, counted from 1.

    whole: whether `parts` has all of them; of a long operation it has the first MOST.
    """

    def __init__(self, history: Rewindable, stop: int) -> None:
        self.history = history
        self.stop = stop
        self.entry = history[stop]
        moves = any(e.name == "migrate.unmap_and_move" for e in history.steps(stop))
        self._names = tuple(MOVING if moves else OTHERS)
        self.parts = self._run(MOST)[0]
        self.whole = len(self.parts) < MOST

    def __len__(self) -> int:
        return len(self.parts)

    @checked()
    def machine_at(self, part: int) -> Machine:
        """Return the machine after that many parts of the operation; 0 = before it began.

        It is the history's own machine, as with `History.machine_at`.
        """
        self._check(part, 0)
        if part == 0:
            return self.history.machine_at(self.stop - 1)
        self._run(part)
        return self.history.machine

    @checked()
    def explain(self, part: int) -> Explanation:
        """Explain that part. Afterwards the machine is where the part ended."""
        self._check(part, 1)
        before = self._run(part)[1]
        name, done = self.parts[part - 1].name, self.parts[part - 1]
        after = Moment(self.history.machine, copy=False)
        earlier = {
            key: other.numbers[key]
            for other in self.parts[:part]
            if other.name == "migrate.lock_both"
            for key in ("old", "new")
        }
        step = Transition(
            name.rpartition(".")[2],
            list(done.numbers.values()),
            done.result,
            before,
            after,
            numbers=done.numbers,
            caller=done.caller,
            earlier=earlier,
        )
        return explain(step, name)

    def _check(self, part: int, first: int) -> None:
        if not first <= part <= len(self):
            raise NoSuchStop(f"there is no part {part}: operation {self.stop} has {len(self)}")

    def _run(self, until: int) -> tuple[list[Part], Moment]:
        """Run the operation up to that part. Return the parts, and the moment before the last."""
        history = self.history
        watch = _Watch(history.machine_at(self.stop - 1), until)
        history.leave()
        hooks = {name: watch.hook(name, history.functions.get(name)) for name in self._names}
        with suppress(_Enough):
            history.run(self.entry, hooks)
        watch.come_back()
        return watch.parts, watch.before


class _Watch:
    """Records the parts of an operation, and takes a snapshot after the one asked for."""

    def __init__(self, machine: Machine, until: int) -> None:
        self.machine = machine
        self.until = until
        self.parts: list[Part] = []
        self.before = Moment(machine)
        self.copy: Any = None

    def hook(self, name: str, instead: Callable | None) -> Callable[..., Any]:
        """Return a function that calls that kernel, or `instead`, and records the call."""
        compiled = jit.KERNELS[name]
        original = instead or jit.on_plain_arrays(compiled)
        names = list(inspect.signature(compiled.py_func).parameters)

        def call(*arguments: Any) -> Any:
            first_handle = self._first_handle(names, arguments)
            result = original(*arguments)
            if self.copy is None:
                self._note(name, names, arguments, result, first_handle)
            return result

        return call

    def _first_handle(self, names: list[str], arguments: tuple[Any, ...]) -> int:
        """Return the first handle of the zbud page that is being moved; 0 if none is."""
        if "handle" not in names or "old" not in names:
            return 0
        old = int(arguments[names.index("old")])
        state = self.machine.state
        return int(state.rows[old << int(state.pools[0]["row_shift"])]["first_handle"])

    def _note(
        self, name: str, names: list[str], arguments: tuple[Any, ...], result: Any, first: int
    ) -> None:
        """Record a call that returned. Raise _Enough at the part that was asked for."""
        numbers = {
            key: int(value)
            for key, value in zip(names, arguments, strict=True)
            if isinstance(value, (int, np.integer))
        }
        caller = _caller()
        label = stage(name, numbers, caller, first)
        self.parts.append(Part(label, name, numbers, int(result or 0), caller))
        if len(self.parts) == self.until - 1:
            self.before = Moment(self.machine)
        if len(self.parts) == self.until:
            self.copy = self.machine.snapshot()
            raise _Enough

    def come_back(self) -> None:
        """Return the machine to its state at the end of that part."""
        if self.copy is not None:
            self.machine.restore(self.copy)


def _caller() -> str:
    """Return the name of the function of `zbudlab.mm` that called the hooked one."""
    frame = sys._getframe(1)
    while frame is not None and "zbudlab.mm." not in frame.f_globals.get("__name__", ""):
        frame = frame.f_back  # type: ignore[assignment]
    return frame.f_code.co_name if frame is not None else ""
