"""Numeric questions of the exercises, answered on a page with an immediate check. See question.js.

Their numbers depend on the student; code is written and marked in a notebook.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from zbudlab.view.standalone.page import Page


class Question(NamedTuple):
    """A question. students: for each number of a student from 0 on, what is given and the answer.

    why: the reply to a wrong answer, or an empty text.
    """

    students: Sequence[tuple[Mapping[str, int], float]]
    why: str = ""


def told(question: Question, _page: Page) -> dict[str, Any]:
    """Return a question for its script."""
    return {
        "students": [[dict(given), answer] for given, answer in question.students],
        "why": question.why,
    }
