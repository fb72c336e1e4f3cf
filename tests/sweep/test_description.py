"""Descriptions of experiments: what they list, and what a grid is refused for."""

from functools import partial
from typing import Annotated

import pytest

from zbudlab.sweep import SweepError, Values, described, sweep
from zbudlab.sweep.description import NOT_GIVEN, Parameter, parameters_of

calls = []


def even(value):
    if value % 2:
        raise ValueError(f"{value} is odd")


@described({"x": ("pages", "what comes out")}, settings=(Parameter("speed", (int,), 3),))
def example(
    size: Annotated[int, Values(1, 9, about="how large")],
    *,
    kind: Annotated[str, Values(choices=("a", "b"))] = "a",
    part: Annotated[float, Values(0)] = 0.5,
    pair: Annotated[int, Values(check=even)] = 2,
    maybe: bool | None = None,
    free: "NoSuchName" = 1,  # noqa: F821
    seed: int,
    **settings,
):
    calls.append(size)
    return {"x": size}


@described({})
def plain(size: Annotated[int | None, Values(1)] = None, *, flag: bool = True, seed: int):
    return {}


def test_parameters_are_listed_with_kinds_bounds_and_defaults():
    found = {parameter.name: parameter.as_dict() for parameter in parameters_of(plain)}
    assert found == {
        "size": {
            "name": "size",
            "kind": "whole number or none",
            "about": "",
            "low": 1,
            "default": None,
        },
        "flag": {"name": "flag", "kind": "true or false", "about": "", "default": True},
    }
    (speed,) = (each for each in parameters_of(example) if each.name == "speed")
    assert (speed.kind, speed.default) == ("whole number", 3)
    assert parameters_of(example)[0].default is NOT_GIVEN


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
        ({"size": [1, 0]}, "size must be at least 1, not 0"),
        ({"size": 10}, "size must be at most 9, not 10"),
        ({"size": True}, "size must be a whole number or none, not True"),
        ({"size": 1.0}, "size must be a whole number or none, not 1.0"),
        ({"flag": 1}, "flag must be a true or false, not 1"),
    ],
)
def test_values_of_a_wrong_kind_or_out_of_bounds(grid, said):
    bounded = described({})(lambda size, seed: {})
    bounded.__annotations__ = {"size": Annotated[int | None, Values(1, 9)]}
    experiment = plain if "flag" in grid else bounded
    with pytest.raises(SweepError) as refused:
        sweep(experiment, grid)
    assert str(refused.value) == said


def test_none_and_bounds_may_be_given():
    assert len(sweep(plain, {"size": [None, 1, 2**70], "flag": [True, False]})) == 6


@pytest.mark.parametrize(
    ("values", "value", "said"),
    [
        (Values(0, 1), float("nan"), "must be at least 0, not nan"),
        (Values(choices=("a", "b")), "c", "must be one of a, b, not 'c'"),
        (Values(check=even), 3, "is invalid: 3 is odd"),
        (Values(check=even), 4, ""),
        (Values(), object, ""),
    ],
)
def test_values(values, value, said):
    assert values.fault_of(value) == said


def test_a_partial_of_a_described_experiment_is_checked_too():
    with pytest.raises(SweepError, match="did you mean speed"):
        sweep(partial(example, size=3), {"sped": 1})


def test_an_experiment_without_a_description_takes_any_setting():
    assert sweep(lambda seed, **settings: dict(x=len(settings)), {"any": 1})["x"].tolist() == [1]
