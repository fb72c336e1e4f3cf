"""Mutants of the solutions lose the ability of the function that they change.

Here a twentieth of them; `make soak` tries all.
"""

import pytest

from tests.course.catching import all_mutants, equivalents, not_caught, tried
from tests.course.mutants import mutants
from zbudlab.course.contract import EXERCISES, random_of

SHARE = 20
SOURCE = """
def first_of(heads, number):
    \"\"\"A text, which is not changed.\"\"\"
    if number < 3:
        return -1
    total = add(heads[number], 2)
    return total
"""


def chosen(name):
    """The mutants of an exercise that are tried here."""
    found = all_mutants(name)
    drawn = random_of("mutants", name).choice(len(found), len(found) // SHARE, replace=False)
    return [found[place] for place in sorted(drawn)]


class TestMutants:
    def test_are_what_the_operators_give(self):
        names = {mutant.name for mutant in mutants("e", "first_of", SOURCE)}
        for name in (
            "operator: if number < 3: -> if number <= 3:",
            "constant: return -1 -> return -2",
            "index: total = add(heads[number], 2) -> total = add(heads[0], 2)",
            "arguments: total = add(heads[number], 2) -> total = add(2, heads[number])",
            "dropped: total = add(heads[number], 2) -> pass",
            "condition: if number < 3: -> if True:",
            "early:  -> return 0",
        ):
            assert name in names, sorted(names)

    def test_are_all_different_and_many(self):
        found = [mutant for name in EXERCISES for mutant in all_mutants(name)]
        assert len({(m.exercise, m.function, m.source) for m in found}) == len(found) > 800

    def test_those_that_are_right_exist_and_have_a_reason(self):
        for name, listed in equivalents().items():
            known = {(m.function, m.name) for m in all_mutants(name)}
            for function, reasons in listed.items():
                for why, names in reasons.items():
                    assert len(why.split()) > 3
                    for one in names:
                        assert any(
                            f == function and (n == one or n.startswith(one[:-1])) for f, n in known
                        ), one


@pytest.mark.slow
@pytest.mark.parametrize("name", EXERCISES)
def test_a_twentieth_is_caught(name):
    count = tried(chosen(name))
    alive = {(m.exercise, m.function, m.name) for m in count.alive}
    assert alive <= not_caught(), alive - not_caught()
    assert [(m.function, m.name) for m in count.wrongly_listed] == []
