"""Probes for functions on plain inputs, and for plain values."""

from typing import Any

from zbudlab.course.probes import Bench


def call(bench: Bench, case: dict[str, Any]) -> Any:
    """What a function returns. case: function, arguments."""
    return bench.functions[case["function"]](*case["arguments"])


def value(bench: Bench, case: dict[str, Any]) -> Any:
    """An answer the student wrote down, as a function without arguments. case: name.

    What else a case holds are the numbers of the question, for the reasons.
    """
    return bench.functions[case["name"]]()
