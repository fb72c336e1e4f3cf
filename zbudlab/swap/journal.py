"""The journal of a machine: paging and swap write each call of a function of `zbudlab.mm` to it."""

from collections.abc import Callable
from typing import Any, Protocol


class StepLog(Protocol):
    """Something that keeps steps, such as `machine.oplog.OperationLog`."""

    def step(self, function: Callable[..., Any], arguments: tuple[Any, ...], result: Any) -> None:
        """Keep one step."""


class Journal:
    """A machine's steps on their way to its log. log: None to keep nothing."""

    def __init__(self, log: StepLog | None = None) -> None:
        self.log = log

    def do(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function of `zbudlab.mm` as a step and return its result."""
        result = function(*arguments)
        if self.log is not None:
            self.log.step(function, arguments, result)
        return result
