"""A sweep as a whole: the table, resuming, and results of other sweeps.

Also tests `sweep/neighbours.py`.
"""

import os

import numpy as np
import pandas as pd
import pytest

from tests.sweep import samples as experiments
from tests.sweep.helpers import GRID
from zbudlab.sweep import (
    SweepError,
    design,
    read_table,
    sweep,
)


def test_a_row_for_every_point_in_the_order_of_the_grid():
    table = sweep(experiments.product, GRID, seeds=[7, 2])
    assert len(table) == 5 * 2 * 2
    assert table["a"].tolist() == np.repeat(range(5), 4).tolist()
    assert table["b"].tolist() == [1.5, 1.5, 2, 2] * 5
    assert table["seed"].tolist() == [7, 2] * 10
    assert (table["x"] == table["a"] * table["b"] + table["seed"]).all()
    assert (table["zbudlab"] == design.__version__).all()
    assert (table["seconds"] > 0).all()


def test_a_failing_point_is_recorded_and_the_others_go_on():
    table = sweep(experiments.product, GRID, seeds=2)
    failed = table[table["error"].notna()]
    assert failed[["a", "seed"]].to_numpy().tolist() == [[3, 1], [3, 1]]
    assert (failed["error"] == "ValueError: no threes").all()
    assert failed["x"].isna().all()
    assert table["x"].notna().sum() == len(table) - 2


def test_a_finished_table_keeps_its_order(tmp_path):
    out = tmp_path / "t.parquet"
    sweep(experiments.product, {"a": [1, 2], "b": [3, 4]}, out=out)
    with pytest.raises(SweepError, match="its parameters in the order a, b"):
        sweep(experiments.product, {"b": [3, 4], "a": [1, 2]}, out=out, resume=True)


class Flaky:
    """An experiment that fails at some points until it is mended."""

    def __init__(self):
        self.broken, self.calls = {2, 3}, []

    def __call__(self, a, seed):
        self.calls.append(a)
        if a in self.broken:
            raise ValueError(f"no {a}s")
        return {"whole": a, "mixed": a if a < 3 else str(a), "over": [a, a / 2], "none": None}


def untimed(table):
    return table.drop(columns="seconds")


def test_failed_points_are_run_again_and_no_others(tmp_path):
    flaky, out, grid = Flaky(), tmp_path / "t.parquet", {"a": [1, 2, 3, 4]}
    first = sweep(flaky, grid, out=out)
    assert first["error"].notna().tolist() == [False, True, True, False]
    assert sweep(flaky, grid, out=out, resume=True)["error"].notna().sum() == 2
    assert flaky.calls == [1, 2, 3, 4]
    flaky.broken = {3}
    again = sweep(flaky, grid, out=out, retry_failed=True)
    assert flaky.calls == [1, 2, 3, 4, 2, 3]
    assert again["error"].notna().tolist() == [False, False, True, False]
    flaky.broken = set()
    mended = sweep(flaky, grid, out=out, retry_failed=True)
    assert flaky.calls[6:] == [3]
    pd.testing.assert_frame_equal(untimed(mended), untimed(sweep(flaky, grid)))
    pd.testing.assert_frame_equal(mended, read_table(out)[0])
    assert sorted(os.listdir(tmp_path)) == ["t.parquet"]


def test_a_retry_that_is_interrupted_keeps_the_old_table_and_goes_on(tmp_path, monkeypatch):
    flaky, out, grid = Flaky(), tmp_path / "t.parquet", {"a": [1, 2, 3, 4]}
    sweep(flaky, grid, out=out)
    flaky.broken = set()
    real = Flaky.__call__

    def stop_at_three(self, a, seed):
        if a == 3:
            raise KeyboardInterrupt
        return real(self, a, seed)

    monkeypatch.setattr(Flaky, "__call__", stop_at_three)
    with pytest.raises(KeyboardInterrupt):
        sweep(flaky, grid, out=out, retry_failed=True)
    assert read_table(out)[0]["error"].notna().sum() == 2
    monkeypatch.setattr(Flaky, "__call__", real)
    kept = sweep(flaky, grid, out=out, resume=True)  # 3 stays failed: only what ran is newer
    assert kept["error"].notna().tolist() == [False, False, True, False]
    assert sweep(flaky, grid, out=out, retry_failed=True)["error"].isna().all()


def test_csv_has_the_same_table_and_cannot_be_resumed(tmp_path):
    out = tmp_path / "t.CSV"
    flaky, grid = Flaky(), {"a": [1, 2, 3, 4]}
    table = sweep(flaky, grid, out=out)
    rows = out.read_text().splitlines()
    assert rows[0].replace('"', "").split(",") == list(table.columns)
    kept = pd.read_csv(out)
    assert kept["whole"].tolist()[0::3] == [1, 4]
    assert kept["whole"].isna().tolist() == [False, True, True, False]
    assert kept["over"][0] == "[1.0,0.5]"
    assert kept["error"][1] == "ValueError: no 2s"
    assert rows[1].startswith("1,0,1,")  # whole numbers stay whole next to missing ones
    with pytest.raises(SweepError, match=r"t.CSV is CSV.*only Parquet tables can be resumed"):
        sweep(flaky, grid, out=out, resume=True)
    with pytest.raises(SweepError, match="exists: resume"):
        sweep(flaky, grid, out=out)


def test_a_csv_sweep_that_was_interrupted_is_resumed(tmp_path):
    out, calls = tmp_path / "t.csv", []

    def stop(a, seed):
        calls.append(a)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return {"r": a}

    with pytest.raises(KeyboardInterrupt):
        sweep(stop, {"a": [5, 6, 7]}, out=out)
    sweep(stop, {"a": [5, 6, 7]}, out=out, resume=True)
    assert pd.read_csv(out)["r"].tolist() == [5, 6, 7]


def test_a_damaged_table_is_refused(tmp_path):
    out = tmp_path / "t.parquet"
    sweep(experiments.product, {"a": list(range(4, 40)), "b": 2}, out=out)
    data = bytearray(out.read_bytes())
    data[40] ^= 255  # in the first page of the first column
    out.write_bytes(data)
    with pytest.raises(SweepError, match="is not the table of a sweep, or is damaged"):
        sweep(experiments.product, {"a": list(range(4, 40)), "b": 2}, out=out, resume=True)
