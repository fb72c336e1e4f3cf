"""Why a check failed, in words: the state, the result, the right result, and the reason."""

import json
import re
from dataclasses import dataclass
from typing import Any

from zbudlab.course.contract import Ability, Case, same
from zbudlab.course.probes import NOT_WRITTEN

LONGEST = 300  #: characters of a value in a sentence
LONG = 120  #: characters of a list of which only the differing entry is shown
NOT_THAT = "it is another number; count it on a small case first"
NOTHING = "nothing was returned; end the function with `return` and the answer"
_ROWS = re.compile(r'"lru": (?:\[\[|\{)')
LRU = "an entry of lru has the handle and chunks of both buddies, references, times each is mapped"


def shown(value: Any, longest: int = LONGEST) -> str:
    """Return a value as text of limited length."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= longest else f"{text[:longest]} ..."


@dataclass(frozen=True)
class Difference:
    """A failing case as plain data, for a picture (`zbudlab.view.feedback`).

    operations: those of the case, as text. place: of the first one that differs; -1 = the end.
    yours, should: its result and the right one, by name, with the state after it.
    """

    operations: tuple[str, ...]
    place: int
    yours: Any
    should: Any


@dataclass(frozen=True)
class Failure:
    """A failing case: the functions it needs, its state, the result and the right result.

    difference: the same as data; None if the right result must not be shown or there is only one
    of many.
    """

    ability: str
    functions: tuple[str, ...]
    case: Case
    state: str
    got: str
    expected: str
    why: str
    difference: Difference | None = None

    def __str__(self) -> str:
        if self.got == NOT_WRITTEN:
            names = ", ".join(self.functions)
            return f"{names}: {NOT_WRITTEN}; write it in its cell, then run the check below it"
        why = f": {self.why}" if self.why else ""
        expected = f", expected {self.expected}" if self.expected else ""
        told = f"{self.state}: got {self.got}{expected}{why}"
        return f"{told} ({LRU})" if _ROWS.search(told) else told


def _operation(step: Any) -> str:
    found = step.get("op", "the end") if isinstance(step, dict) else "?"
    return " ".join(map(str, found)) if isinstance(found, list) else str(found)


def first_difference(got: list[Any], expected: list[Any]) -> int:
    """Return the first step at which two lists of answers differ."""
    for place, (mine, right) in enumerate(zip(got, expected, strict=False)):
        if not same(mine, right):
            return place
    return min(len(got), len(expected))


def _parts(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an answer and of its state, without digests."""
    parts = {name: value for name, value in answer.items() if name not in ("state", "sd", "i")}
    state = answer.get("state") or {}
    return parts | (state if isinstance(state, dict) else {"state": state})


def _step_difference(case: Case, got: list[Any], expected: list[Any]) -> tuple[str, str, str]:
    """Return the first operation that differs, its state, and the differing fields."""
    place = first_difference(got, expected)
    operations = case.get("trace") or case.get("script") or expected
    right = expected[place] if place < len(expected) else {}
    mine = got[place] if place < len(got) else {"error": "no answer"}
    if not isinstance(mine, dict) or not isinstance(right, dict):
        return f"at step {place + 1}", shown(mine), shown(right)
    state = f"at operation {place + 1} of {len(operations)}, `{_operation(right or mine)}`"
    if place >= len(operations):
        state = "at the end"
    before = expected[place - 1].get("state") if 0 < place <= len(expected) else None
    if before:
        state += f", with {shown(before)}"
    if "error" in mine:
        return state, shown(mine["error"]), shown(_parts(right))
    mine, right = _differing(_parts(mine), _parts(right))
    return state, shown(mine), shown(right)


def _difference(got: list[Any], expected: list[Any]) -> Difference:
    """Return the first operation that differs, with both states after it."""
    place = first_difference(got, expected)
    steps = [step for step in expected if isinstance(step, dict) and "op" in step]
    right = expected[place] if place < len(expected) else {}
    mine = got[place] if place < len(got) else {"error": "no answer"}
    mine = mine if isinstance(mine, dict) else {"answer": mine}
    return Difference(
        tuple(_operation(step) for step in steps),
        place if place < len(steps) else -1,
        mine if "error" in mine else _parts(mine),
        _parts(right),
    )


def _differing(mine: Any, right: Any) -> tuple[Any, Any]:
    """Return what differs: at most two fields of a table, one entry of a long list."""
    if isinstance(mine, dict) and isinstance(right, dict):
        names = [n for n in dict.fromkeys([*right, *mine]) if mine.get(n) != right.get(n)]
        parts = {n: _differing(mine.get(n), right.get(n)) for n in names or right}
        names = sorted(parts, key=lambda name: len(json.dumps(parts[name])))[:2]
        mine, right = ({name: parts[name][side] for name in names} for side in (0, 1))
    elif isinstance(mine, list) and isinstance(right, list) and len(json.dumps(right)) > LONG:
        place = first_difference(mine, right)
        found = (side[place] if place < len(side) else None for side in (mine, right))
        mine, right = ({f"entry {place + 1}": entry} for entry in found)
    return mine, right


def _state(case: Case) -> str:
    if "state" in case:
        return str(case["state"])
    if "function" in case:
        return f"{case['function']}({', '.join(map(shown, case['arguments']))})"
    if "name" in case:
        numbers = ", ".join(f"{name} {shown(value)}" for name, value in list(case.items())[1:])
        return f"your answer {case['name']} (to {numbers})"
    return f"for {shown(case)}"


def _setting_up(ability: Ability, case: Case) -> tuple[tuple[str, ...], int]:
    """Return the operations of a case without steps, and the place of the last: the call itself."""
    before = case.get("before")
    if before is None:
        return (_state(case),), 0
    return (*before, ability.functions[0]), len(before)


def _is_steps(answer: Any) -> bool:
    return isinstance(answer, list) and bool(answer) and isinstance(answer[0], dict)


def _why(ability: Ability, case: Case, got: Any, expected: Any) -> str:
    """Return the ability's reason, or nothing if the answer is too odd to explain.

    got: None where there is no answer.
    """
    if not callable(ability.why):
        return ability.why
    try:
        return ability.why(case, got, expected)
    except Exception:
        return ""


def _judged(ability: Ability, case: Case, outcome: dict[str, Any]) -> Failure | None:
    """Return why an outcome is not one of several right answers; None if it is."""
    assert ability.judge is not None
    if "error" in outcome:
        got, why = outcome["error"], ""
    else:
        got = shown(outcome["answer"])
        try:
            why = ability.judge(case, outcome["answer"])
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            why = "this does not have the form that was asked for"
        if not why:
            return None
    return Failure(ability.name, ability.functions, case, _state(case), got, "", why)


def _stopped(ability: Ability, case: Case, error: str, expected: Any) -> Failure:
    """Return the failure of functions that raised, or gave no answer in time."""
    right = "" if "name" in case else expected
    steps = right[-1] if _is_steps(right) else right
    why, state = _why(ability, case, None, expected), _state(case)
    found = (
        None if "name" in case else Difference(*_setting_up(ability, case), {"error": error}, steps)
    )
    return Failure(ability.name, ability.functions, case, state, error, shown(steps), why, found)


def failure(ability: Ability, case: Case, outcome: dict[str, Any], expected: Any) -> Failure | None:
    """Return why an outcome is not the expected answer; None if it is."""
    if ability.judge:
        return _judged(ability, case, outcome)
    if "error" in outcome:
        return _stopped(ability, case, outcome["error"], expected)
    got = outcome["answer"]
    if same(got, expected, ability.tolerance):
        return None
    state, mine, right, found = _state(case), shown(got), shown(expected), None
    if "name" in case:  # a question: showing its answer would give its points away
        why = ability.why if isinstance(ability.why, str) and ability.why else NOT_THAT
        right = ""
    else:
        why = _why(ability, case, got, expected)
        found = Difference(*_setting_up(ability, case), got, expected)
    if _is_steps(expected) and isinstance(got, list):
        state, mine, right = _step_difference(case, got, expected)
        found = _difference(got, expected)
    elif got is None:
        why = NOTHING
    return Failure(ability.name, ability.functions, case, state, mine, right, why, found)
