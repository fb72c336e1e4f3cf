"""Traces with a wrong step: exactly that step is not what the right engine does.

Also tests `lessons/faulty.py`.
"""

import pytest

from zbudlab.lessons import wrong_step
from zbudlab.lessons.faulty import SUBJECTS

SEEDS = (0, 1)


@pytest.fixture(scope="module")
def traces():
    return {
        (subject, seed): wrong_step.trace(subject, seed) for subject in SUBJECTS for seed in SEEDS
    }


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_only_the_wrong_step_differs_from_the_right_engine(traces, subject, seed):
    found = traces[subject, seed]
    assert wrong_step.FIRST <= found.wrong < len(found.steps) == wrong_step.STEPS
    assert found.steps[found.wrong].state != found.right.state
    different = []
    for number in range(len(found.steps)):
        was = wrong_step.replayed(subject, found, number + 1, faulty=number == found.wrong)
        right = wrong_step.replayed(subject, found, number + 1, faulty=False)
        if was.digest() != right.digest():
            different.append(number)
        was.check()
    assert different == [found.wrong]


def test_a_seed_always_gives_the_same_trace(traces):
    assert wrong_step.trace("zbud", 1) == traces["zbud", 1]
    assert len({found.acts for found in traces.values()}) == len(traces)


def test_every_fault_strikes_in_some_trace():
    for lab in SUBJECTS.values():
        names = set()
        for seed in range(20):
            draw = wrong_step.random.Random(seed)
            found = wrong_step._recorded(lab(), draw)
            names |= {found.fault} if found else set()
            if names == set(lab.faults):
                break
        assert names == set(lab.faults)


def test_an_unknown_subject_is_refused():
    with pytest.raises(ValueError, match="the subjects are zbud, migration, compaction"):
        wrong_step.trace("paging")
