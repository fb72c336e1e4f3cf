"""Each fault of the series is found alone, with the others mended, and none if all are."""

import pytest

from zbudlab.races import explore, scenario

#: The rule that mends a fault: the scenario that meets it, merged steps, what is
#: found without the rule. Fault 2, the stale header, exists only in the company of fault 1.
FAULTS = {
    "keep_page_until_unmap": (
        "user-free-compact",
        ("isolate", "unmap"),
        {"moved under its mapper"},
    ),
    "isolate_under_lock": ("free-free-compact", (), {"reference from zero"}),
    "refuse_emptied_page": ("free-free-compact", ("isolate",), {"emptied page moved"}),
    "mark_isolated": ("compact-compact", ("isolate",), {"one page on two lists"}),
}


def without(rule, name, merge):
    """The kinds of faults of a scenario when all rules but one mend the series."""
    machine = scenario(name).machine("v2-mended")
    if rule:
        assert machine.state.zswaps[0][rule] == 1
        machine.state.zswaps[0][rule] = 0
    result = explore(machine, scenario(name).actors, merge=merge)
    assert result.complete
    return set(result.kinds)


@pytest.mark.parametrize("rule", FAULTS)
def test_each_fault_is_found_alone(rule):
    name, merge, kinds = FAULTS[rule]
    assert without(rule, name, merge) == kinds
    assert without("", name, merge) == set()


def test_the_second_fault_comes_with_the_first():
    kinds = without("keep_page_until_unmap", "user-free-compact", ("isolate",))
    assert kinds == {"moved under its mapper", "stale header"}
