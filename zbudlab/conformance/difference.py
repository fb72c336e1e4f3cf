"""The place where an answer differs from the expected one, formatted for a person."""

import json
from dataclasses import dataclass, field
from typing import Any

from zbudlab.io.arguments import checked


def _parse(line: str) -> dict[str, Any]:
    try:
        parsed = json.loads(line)
    except ValueError:
        return {"text": line}
    return parsed if isinstance(parsed, dict) else {"text": line}


def _parts(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer's fields, with those of its state one by one."""
    parts = {name: value for name, value in answer.items() if name != "state"}
    for name, value in (answer.get("state") or {}).items():
        parts[f"state.{name}"] = value
    return parts


@dataclass
class Difference:
    """The first line that differs.

    where: its place in the file. expected, got: its fields. before: the last state printed before
    it.
    """

    where: str
    operation: str
    expected: dict[str, Any]
    got: dict[str, Any]
    before: dict[str, Any] = field(default_factory=dict)

    @classmethod
    @checked()
    def between(
        cls,
        where: str,
        expected: str,
        got: str,
        before: dict[str, Any],
        operation: str | None = None,
    ) -> "Difference":
        """Create a difference from the two lines, and the last state printed before them.

        operation: the trace's line; None = the answers contain it.
        """
        want, have = _parse(expected), _parse(got)
        operation = str(operation or have.get("op") or want.get("op") or "end of the trace")
        return cls(where, operation, _parts(want), _parts(have), before)

    def __str__(self) -> str:
        lines = [f"{self.where}: {self.operation}"]
        for name in dict.fromkeys([*self.expected, *self.got]):
            want, have = self.expected.get(name), self.got.get(name)
            if want == have:
                continue
            key = name.removeprefix("state.")
            lines.append(f"  {name}")
            if key != name and key in self.before:
                lines.append(f"    before    {json.dumps(self.before[key])}")
            lines.append(f"    expected  {json.dumps(want)}")
            lines.append(f"    got       {json.dumps(have)}")
        if len(lines) == 1:
            lines.append("  the same fields, written differently")
        return "\n".join(lines)
