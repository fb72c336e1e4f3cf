"""Recorded traces in which one step is wrong: which one?

A trace comes from the engine. In the wrong step a function of `zbudlab.mm` was replaced by one with
a fault; every other step is what the right engine does in the state before it. The same seed always
gives the same trace.
"""

import random
from typing import NamedTuple

from zbudlab.lessons.faulty import SUBJECTS, Act, Lab, State
from zbudlab.machine import Machine

STEPS = 9  #: of a trace
FIRST = 2  #: step that may be wrong, counted from 0
OFTEN = 0.4  #: how often a step has the fault, if it would show


class Step(NamedTuple):
    """A step of a trace: what was done, in words, and what the columns show afterwards."""

    says: str
    state: State


class Trace(NamedTuple):
    """A trace with a wrong step.

    wrong: the wrong step, counted from 0. right: the same step as it should be. why: the rule that
    was broken. acts: what the steps did. fault: the name of the fault.
    """

    question: str
    steps: tuple[Step, ...]
    wrong: int
    right: Step
    why: str
    acts: tuple[Act, ...]
    fault: str


def trace(subject: str, seed: int = 0) -> Trace:
    """Return the trace of a subject for a seed.

    subject: a name in `faulty.SUBJECTS`. ValueError for another one.
    """
    if subject not in SUBJECTS:
        raise ValueError(f"no trace of {subject!r}: the subjects are {', '.join(SUBJECTS)}")
    draw = random.Random(f"{subject} {seed}")
    while True:
        found = _recorded(SUBJECTS[subject](), draw)
        if found is not None:
            return found


def _recorded(lab: Lab, draw: random.Random) -> Trace | None:
    """Record a trace; None if its fault did not strike."""
    name = draw.choice(sorted(lab.faults))
    steps: list[Step] = []
    acts: list[Act] = []
    wrong: tuple[int, Step] | None = None
    for number in range(STEPS):
        act = lab.choose(draw)
        strikes = wrong is None and number >= FIRST and draw.random() < OFTEN
        right, other = _both(lab, act, name if strikes else None)
        if other is not None:
            wrong = number, right
        lab.note(act)
        steps.append(_step(lab, (other or right).says))
        acts.append(act)
    if wrong is None:
        return None
    fault = lab.faults[name]
    return Trace(lab.question, tuple(steps), *wrong, fault.why, tuple(acts), name)


def _both(lab: Lab, act: Act, fault: str | None) -> tuple[Step, Step | None]:
    """Do an act; return it as it should be and, if the fault strikes, as it was done."""
    before, objects = lab.machine.snapshot(), dict(lab.objects)
    right = _step(lab, lab.do(act))
    if fault is None:
        return right, None
    after, made = lab.machine.snapshot(), dict(lab.objects)
    lab.machine.restore(before)
    lab.objects = objects
    with lab.machine.replaced(**lab.faults[fault].functions):
        says = lab.do(act)
    wrong = _step(lab, says)
    if wrong.state != right.state:
        return right, wrong
    lab.machine.restore(after)
    lab.objects = made
    return right, None


def _step(lab: Lab, says: str) -> Step:
    return Step(says, lab.state())


def replayed(subject: str, found: Trace, count: int, *, faulty: bool) -> Machine:
    """Return a machine after `count` steps of a trace.

    faulty: whether the last of them has the fault. The wrong step always has it, if others follow.
    """
    lab = SUBJECTS[subject]()
    functions = lab.faults[found.fault].functions
    for number, act in enumerate(found.acts[:count]):
        if faulty if number == count - 1 else number == found.wrong:
            with lab.machine.replaced(**functions):
                lab.do(act)
        else:
            lab.do(act)
        lab.note(act)
    return lab.machine
