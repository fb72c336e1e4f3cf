"""The checks of the exercises, one module each: abilities, cases and reasons.

Each module has EXERCISE, a `zbudlab.course.contract.Exercise`. `goldens` and `kernels_answer` help
with the kernel's traces, `under_pressure` with whole machines.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from zbudlab.conformance.trace import lines, operations
from zbudlab.course.contract import LINUX, Ability, Case, Cases, Setting

#: The title of the ability "golden" under a changed rule, where no answer is the kernel's.
GOLDEN_CHANGED = {"title": "does all of this together, under the changed rule"}
GOLDENS = Path(__file__).parents[1] / "golden"  #: a few of the kernel's answers, for the checks


def goldens(kind: str, *names: str) -> Cases:
    """Return cases for `traces.replay` from the kernel's traces; [] under another rule."""

    def cases(setting: Setting) -> list[Case]:
        if setting.rule.name != LINUX.name:
            return []
        return [
            {
                "kind": kind,
                "golden": name,
                "trace": [o.text for o in operations(GOLDENS / kind / f"{name}.trace.gz")],
            }
            for name in names
        ]

    return cases


@cache
def golden_answers(kind: str, name: str) -> list[Any]:
    """Return the answers of the kernel's code to a trace."""
    path = GOLDENS / kind / f"{name}.expected.jsonl.gz"
    return [json.loads(text) for _, text in lines(path) if text.strip()]


def why_golden(case: Case, got: Any, expected: Any) -> str:
    """Return whose answers these are: the kernel's own only if the trace was recorded."""
    if "golden" in case:
        return "this is what the kernel's own code answered; go through the trace up to there"
    return "this is what the rule of this exercise asks for; go through the trace up to there"


def kernels_answer(setting: Any, case: dict[str, Any]) -> Any:
    """Return the right answer to a case of `goldens`, None for other cases (for `expected`)."""
    if "golden" not in case:
        return None
    return golden_answers(case["kind"], case["golden"])


def in_machine(
    *script: list[Any], see: tuple[str, ...] = ("pool", "fault"), **config: Any
) -> dict[str, Any]:
    """Return a case for the probe `machines.script`, instead of its ability's own probe.

    A machine has more pools than the one under test, and `fault` reports its checks.
    """
    return {
        "probe": "machines.script",
        "config": {"frames": 128, "pageblock_order": 4, **config},
        "script": list(script),
        "see": list(see),
    }


def called(
    state: str, harness: str, before: tuple[str, ...], *calls: list[Any], **more: Any
) -> dict[str, Any]:
    """Return a case for the probe `direct.call`, whatever its ability's probe is.

    state: the kind of memory (see `probes.direct`). more: see, control.
    """
    case = {"probe": "direct.call", "state": state, "harness": harness, "before": list(before)}
    return {**case, "calls": list(calls), **more}


def pressed(pages: int, seed: int) -> dict[str, Any]:
    """Return a case for `machines.script`: two processes of that many pages on 96 frames.

    A few allocations fail meanwhile. One process exits and leaves holes; then memory is compacted
    and pages are used.
    """
    script: list[list[Any]] = [["create_process", pages], ["create_process", pages]]
    script += [["fill", 0, 0, pages, seed], ["inject", 0, 3]]
    script += [["fill", 1, 0, pages, seed + 1], ["inject", 0, 0], ["exit", 0]]
    script += [["rescan"], ["compact", -1, 2, 1], ["touch", 1, 0, *range(0, pages, 4)]]
    return {
        "config": {"frames": 96, "pageblock_order": 4, "max_pool_percent": 40},
        "script": script,
        "see": ["zswap pool", "fault"],
        "finally": ["contents", "zone"],
    }


def under_pressure(functions: tuple[str, ...]) -> Ability:
    """Return the ability to run a machine without losing a page, with `functions` replaced."""
    return Ability(
        "machine",
        "keeps a machine under pressure going, and loses no page",
        3,
        "machines.script",
        functions,
        lambda setting: [pressed(70, 7)],
        lambda setting, random: [
            pressed(int(random.integers(66, 74)), int(random.integers(1 << 30)))
        ],
        why="no page may be lost: go through the script up to there by hand",
        shrinks=("script",),
    )
