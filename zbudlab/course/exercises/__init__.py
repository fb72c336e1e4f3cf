"""The exercises' checks, a module each: what is to be shown, by which cases, and why it fails.

Each module has EXERCISE, a `zbudlab.course.contract.Exercise`. `golden` and `kernels_answer`
help with the kernel's traces.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from zbudlab.replay.trace import lines, operations

GOLDENS = Path(__file__).parents[1] / "golden"  #: a few of the kernel's answers, for the checks


def golden(kind: str, *names: str) -> list[dict[str, Any]]:
    """Cases for the probe `traces.replay` from the kernel's traces of that kind."""
    return [
        {
            "kind": kind,
            "golden": name,
            "trace": [o.text for o in operations(GOLDENS / kind / f"{name}.trace.gz")],
        }
        for name in names
    ]


@cache
def golden_answers(kind: str, name: str) -> list[Any]:
    """What the kernel's code answered to that trace."""
    path = GOLDENS / kind / f"{name}.expected.jsonl.gz"
    return [json.loads(text) for _, text in lines(path) if text.strip()]


def kernels_answer(setting: Any, case: dict[str, Any]) -> Any:
    """The right answer to a case of `golden`, None for other cases: an ability's `expected`."""
    if "golden" not in case:
        return None
    return golden_answers(case["kind"], case["golden"])
