"""The table: on disk as returned, one type per column, lists as rows."""

import os

import pandas as pd
import pytest

from tests.sweep import samples as experiments
from tests.sweep.helpers import GRID
from zbudlab.sweep import (
    SweepError,
    over_time,
    read_table,
    sweep,
)


def test_values_over_time_become_rows():
    long = over_time(sweep(experiments.product, {"a": [2, 4], "b": 1}))
    assert long[["a", "moment", "until"]].to_numpy().tolist() == [
        [2, 0, 0],
        [2, 1, 1],
        *[[4, i, i] for i in range(4)],
    ]
    with pytest.raises(SweepError, match="no column has values over time"):
        over_time(sweep(experiments.small_machine, {"frames": 512, "share": 0.5}))


def test_what_is_on_disk_is_what_was_returned(tmp_path):
    table = sweep(experiments.product, GRID, seeds=2, out=tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(table, pd.read_parquet(tmp_path / "t.parquet"))
    assert os.listdir(tmp_path) == ["t.parquet"]
    header = read_table(tmp_path / "t.parquet")[1]
    assert header["grid"] == {"a": [0, 1, 2, 3, 4], "b": [1.5, 2]}
    assert header["experiment"] == "tests.sweep.samples:product"


def test_tables_and_mixed_values_are_parameters_too():
    def experiment(mixture, limit, *, seed):
        return {"parts": len(mixture), "limited": limit is not None}

    grid = {"mixture": [{"text": 1}, {"zero": 1, "text": 2}], "limit": [None, 5, "no"]}
    table = sweep(experiment, grid)
    assert table["parts"].tolist() == [1, 1, 1, 2, 2, 2]
    assert table["mixture"][0] == '{"text":1}'
    assert table["limit"].tolist()[1:3] == ["5", "no"]


def test_a_parameter_that_is_a_list_is_not_unfolded_over_time():
    table = sweep(lambda sizes, seed: {"free": [3, 2, 1]}, {"sizes": [[1, 2]]})
    long = over_time(table)
    assert long["free"].tolist() == [3, 2, 1]
    assert [list(sizes) for sizes in long["sizes"]] == [[1, 2]] * 3
