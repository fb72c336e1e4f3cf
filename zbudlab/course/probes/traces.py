"""Probe for functions under a trace: the kinds that `zbudlab replay` runs, goldens included."""

from collections.abc import Iterator
from typing import Any

from zbudlab.conformance import KINDS
from zbudlab.conformance.trace import Operation
from zbudlab.course.probes import Bench, TooSlow, plain, trouble


class Watched(list):
    """Operations that record which one was read last."""

    current: Operation | None = None

    def __iter__(self) -> Iterator[Operation]:
        for self.current in super().__iter__():
            yield self.current


def replay(bench: Bench, case: dict[str, Any]) -> Any:
    """Return the engine's answer to each operation, with the functions in place.

    case: kind (as in zbudlab.conformance.KINDS), trace (its operations, one per line). If the
    functions raise, the last answer is {"op": ..., "error": ...}.
    """
    operations = Watched(
        Operation(line, f"operation {number}") for number, line in enumerate(case["trace"], 1)
    )
    answers: list[Any] = []
    with bench.plugged():
        try:
            for answer in KINDS[case["kind"]](operations):
                answers.append(plain(answer))
        except (Exception, TooSlow) as error:
            at = operations.current.text if operations.current else ""
            answers.append({"op": at, "error": trouble(error)})
    return answers
