"""One step explained: what and why, the function that did it, what changed, and where in Linux."""

from typing import NamedTuple

from zbudlab.history import substeps, tellers  # noqa: F401 tellers are known from here on
from zbudlab.history.changes import Changes, changes
from zbudlab.history.functions import Linux, Source, linux_of, source_of
from zbudlab.history.steps import Step, sentence


class Explanation(NamedTuple):
    """sentence: what was done and why. function: `module.function` of `zbudlab.mm` (or of
    `machine.operations` where no kernel has a part in it). changes: fields, before and after."""

    sentence: str
    function: str
    source: Source
    linux: Linux | None
    changes: Changes


def explain(step: Step, function: str) -> Explanation:
    """A step explained. Reads the machine as it is now, so ask right after it."""
    told = sentence(step)
    return Explanation(
        told[:1].upper() + told[1:],
        function,
        source_of(function),
        linux_of(function),
        changes(step.before, step.after),
    )
