"""Designs: points in order, invalid grids and seeds refused.

Also tests `sweep/points.py`.
"""

from functools import partial

import pytest

from tests.sweep import samples as experiments
from zbudlab.sweep import (
    SweepError,
    design,
    sweep,
)


@pytest.mark.parametrize(
    ("grid", "seeds", "reason"),
    [
        ({"a": [], "b": 2}, 1, "parameter a has no values"),
        ({"a": [1, 1], "b": 2}, 1, "the grid has a value twice"),
        ({"a": [object()], "b": 2}, 1, "parameters are numbers"),
        ({"a": 1}, 1, "cannot be called .*: missing a required argument: 'b'"),
        ({"a": 1, "b": 2, "c": 3}, 1, "product.a, b, .* unexpected keyword argument 'c'"),
        ({"seed": [1]}, 1, "seeds are given separately, not in the grid"),
        ({"a": 1, "b": 2}, 0, "seeds must be one or more"),
        ({"a": 1, "b": 2}, [1, 1], "each once"),
        ({"a": 1, "b": 2}, [0.5, 1.7], r"seeds must be whole numbers, not \[0.5, 1.7\]"),
        ({"a": 1, "b": 2}, [[1]], "seeds must be whole numbers"),
        ({"seconds": 1}, 1, "a parameter cannot be called seconds"),
    ],
)
def test_grids(grid, seeds, reason):
    with pytest.raises(SweepError, match=reason):
        sweep(experiments.product, grid, seeds=seeds)


@pytest.mark.parametrize("seeds", [1.5, None, True])
def test_seeds_of_a_wrong_kind(seeds):
    with pytest.raises(TypeError, match=f"seeds must be a list or a whole number, not {seeds}"):
        sweep(experiments.product, {"a": 1, "b": 2}, seeds=seeds)


def test_a_partial_has_the_same_name_everywhere():
    bound = partial(experiments.product, b=3)
    assert (
        design.Design.of(bound, {"a": 2}, 1).name
        == f'{experiments.__name__}:product with [[],{{"b":3}}]'
    )
    assert sweep(bound, {"a": 2})["x"].tolist() == [6]
