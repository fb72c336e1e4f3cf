"""Descriptions of experiments: what they list, and what a grid is refused for.

Also tests `experiments/listing.py` and `experiments/parameters.py`.
"""

from functools import partial
from typing import Annotated

import pytest

from zbudlab.io.values import Choice, Whole
from zbudlab.sweep import Parameter, SweepError, described, sweep
from zbudlab.sweep.description import parameters_of

calls = []


class Even:
    """Even numbers: a kind as an experiment may define it."""

    words = "even number"

    def fault(self, name, value):
        return f"{name} must be even, not {value}" if value % 2 else ""


@described({"x": ("pages", "what comes out")}, settings=(Parameter("speed", Whole(0, 5), 3),))
def example(
    size: Annotated[int, Whole(1, 9), "how large"],
    *,
    kind: Annotated[str, Choice(("a", "b"))] = "a",
    pair: Annotated[int, "any text", Even()] = 2,
    free: bool | None = None,
    seed: int,
    **settings,
):
    calls.append(size)
    return {"x": size}


@described({})
def plain(size: Annotated[int | None, Whole(low=1, optional=True)] = None, *, flag=True, seed: int):
    return {}


@described({})
def unknown(a: "NoSuchName", *, seed: int):  # noqa: F821
    return {}


LISTED = {
    "size": {
        "name": "size",
        "kind": "whole number",
        "about": "how large",
        "low": 1,
        "high": 9,
        "required": True,
    },
    "kind": {
        "name": "kind",
        "kind": "text",
        "about": "",
        "choices": ["a", "b"],
        "default": "a",
    },
    "pair": {"name": "pair", "kind": "even number", "about": "any text", "default": 2},
    "free": {"name": "free", "kind": "any", "about": "", "default": None},
    "speed": {
        "name": "speed",
        "kind": "whole number",
        "about": "",
        "low": 0,
        "high": 5,
        "default": 3,
    },
}


def test_parameters_are_listed_with_kinds_bounds_and_defaults():
    found = {parameter.name: parameter.as_dict() for parameter in parameters_of(example)}
    assert found == LISTED
    assert parameters_of(plain)[0].as_dict() == {
        "name": "size",
        "kind": "whole number or none",
        "about": "",
        "low": 1,
        "default": None,
    }
    assert [each.name for each in parameters_of(unknown)] == ["a"]


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        ({"size": 1, "sped": 4}, "the experiment has no parameter sped: did you mean speed?"),
        ({"size": 1, "zzz": 4}, "the experiment has no parameter zzz: it has size, kind"),
        ({"size": 1, "speed": [1, 2.5]}, "speed must be a whole number, not 2.5"),
    ],
)
def test_a_misspelt_or_wrong_setting_is_refused_before_the_first_point(grid, said):
    calls.clear()
    with pytest.raises(SweepError) as refused:
        sweep(example, grid)
    assert str(refused.value).startswith(said)
    assert calls == []


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        ({"size": [1, 0]}, "size must be 1 to 9, not 0"),
        ({"size": 10}, "size must be 1 to 9, not 10"),
        ({"size": True}, "size must be a whole number, not True"),
        ({"size": 1.0}, "size must be a whole number, not 1.0"),
        ({"size": 1, "kind": "c"}, "kind must be one of a, b, not 'c'"),
        ({"size": 1, "pair": [2, 3]}, "pair must be even, not 3"),
    ],
)
def test_values_of_a_wrong_kind_or_out_of_bounds(grid, said):
    with pytest.raises(SweepError) as refused:
        sweep(example, grid)
    assert str(refused.value) == said


def test_none_and_values_of_an_unknown_kind_may_be_given():
    assert len(sweep(plain, {"size": [None, 1], "flag": [True, 5, "x"]})) == 6


def test_a_partial_of_a_described_experiment_is_checked_too():
    with pytest.raises(SweepError, match="did you mean speed"):
        sweep(partial(example, size=3), {"sped": 1})


def test_an_experiment_without_a_description_takes_any_setting():
    assert sweep(lambda seed, **settings: dict(x=len(settings)), {"any": 1})["x"].tolist() == [1]
