"""Explain one operation or one function inside it: what, why, which code, what changed."""

from typing import NamedTuple

from zbudlab.history import (  # noqa: F401  importing them registers their sentences
    cgroup_sentences,
    function_sentences,
    operation_sentences,
    zbud_sentences,
)
from zbudlab.history.changes import Changes, changes
from zbudlab.history.functions import Linux, Source, linux_of, source_of
from zbudlab.history.sentences import Transition, sentence


class Explanation(NamedTuple):
    """An explanation of one transition.

    sentence: what was done and why. function: `module.function` of `zbudlab.mm`, or of
    `machine.operations` where no kernel is involved. linux: None where no function of Linux
    corresponds. changes: fields before and after.
    """

    sentence: str
    function: str
    source: Source
    linux: Linux | None
    changes: Changes


def explain(step: Transition, function: str) -> Explanation:
    """Explain a transition; `function` is the function that did its work.

    The machine is read as it is now, so ask before it goes on.
    """
    text = sentence(step)
    return Explanation(
        text[:1].upper() + text[1:],
        function,
        source_of(function),
        linux_of(function),
        changes(step.before, step.after),
    )
