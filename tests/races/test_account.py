"""A schedule step by step: locks, references, addresses, what broke and what suffers."""

import pytest

from zbudlab.races import explore_named
from zbudlab.races.account import account
from zbudlab.view.lanes import schedule_to


def told(name, merge=(), profile="v2", schedule=None):
    result = explore_named(name, profile, merge=merge)
    chosen = schedule or result.shortest
    return account(result, chosen.actors, chosen.fault)


def of_kind(name, merge, kind):
    """The account of the first bad end of a kind."""
    result = explore_named(name, merge=merge)
    for number in range(len(result.bad)):
        schedule = schedule_to(result, number)
        if kind in schedule.why:
            return account(result, schedule.actors, schedule.fault)
    raise AssertionError(kind)


def test_the_page_that_moved_under_its_mapper():
    found = told("user-free-compact", ("isolate", "unmap"))
    assert found.actors == ("user of 1", "free 1", "compaction")
    assert [step.name for step in found.steps][:2] == ["zbud_map", "zbud_free"]
    assert [step.lock for step in found.steps] == ["pool", "pool", "", "zone", "", "page", "pool"]
    # two handles, then a mapping more, then one less: the freed handle took its reference
    assert [dict((p, n) for p, n, _ in s.references)[0] for s in found.steps][:3] == [3, 2, 3]
    assert found.steps[0].holds == ((0, 0),)
    assert (found.broke, found.suffers, found.ahead) == (6, 7, (0, "read"))
    assert found.why.startswith("Moved under its mapper: the page moved")
    assert found.lines()[-1] == "next: user of 1: read <- suffers from it"


@pytest.mark.parametrize(
    ("name", "merge", "kind", "breaks", "suffers"),
    [
        ("free-free-compact", (), "reference from zero", "zbud_free", "isolate (get)"),
        ("free-free-compact", ("isolate",), "emptied page", "zbud_free", "zbud_migrate_page"),
        (
            *("user-free-compact", ("isolate",), "stale header"),
            *("zbud_migrate_page", "zbud_unmap (locked)"),
        ),
        ("counter", (), "lost update", "write", "write"),
    ],
)
def test_the_arrow_goes_from_what_broke_to_what_suffers(name, merge, kind, breaks, suffers):
    found = of_kind(name, merge, kind)
    assert found.steps[found.broke].actor != found.steps[found.suffers].actor
    if kind != "stale header":  # there compaction goes on for some steps after its move
        assert found.steps[found.broke].name == breaks
    assert found.steps[found.suffers].name == suffers


def test_a_schedule_that_breaks_nothing_has_no_arrow():
    result = explore_named("user-free-compact", "v2-mended")
    found = account(result, [0, 0, 1])
    assert (found.fault, found.broke, found.suffers, found.why) == (0, -1, -1, "")
    assert len(found.lines()) == 3
