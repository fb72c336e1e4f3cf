"""The journal of a machine: paging and swap write their calls of `zbudlab.mm` to it."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np


class LoggedStep(NamedTuple):
    """A call of a function of `zbudlab.mm`: its name, its integer arguments and its result."""

    name: str
    arguments: Sequence[int]
    result: int


class StepLog(Protocol):
    """An object that keeps steps, such as `machine.oplog.OperationLog`."""

    def extend(self, steps: Sequence[LoggedStep]) -> None:
        """Append steps."""


class Journal:
    """The steps of a machine, which reach its log when an operation ends.

    log: gets them; None to keep nothing.
    """

    def __init__(self, log: StepLog | None = None) -> None:
        self.log = log
        self._steps: list[LoggedStep] = []

    def do(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function of `zbudlab.mm` as a step and return its result."""
        result = function(*arguments)
        if self.log is not None:
            name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
            numbers = [int(a) for a in arguments if isinstance(a, (int, np.integer))]
            answer = int(result) if isinstance(result, int) else 0
            self._steps.append(LoggedStep(name, numbers, answer))
        return result

    def note(self, name: str, arguments: Sequence[int], result: int) -> None:
        """Write a step that compiled code did inside another one."""
        if self.log is not None:
            self._steps.append(LoggedStep(name, arguments, result))

    def flush(self) -> None:
        """Hand the steps so far to the log."""
        if self._steps:
            if self.log is not None:
                self.log.extend(self._steps)
            self._steps = []
