"""The work of a worker: whatever a point does, the others go on."""

import sys

import numpy as np
import pytest

from zbudlab.sweep import (
    sweep,
)


def test_results():
    table = sweep(lambda seed: 5, {})
    assert "returns its results by name" in table["error"][0]
    table = sweep(lambda seed: {"x": object()}, {})
    assert "a result must be a number" in table["error"][0]
    table = sweep(lambda a, seed: {"a": 1} if seed else {"x": 1}, {"a": 1}, seeds=2)
    assert table["x"].tolist()[0] == 1
    assert "a result cannot be called a" in table["error"][1]
    table = sweep(lambda seed: {"x": 2**64 if seed else 1}, {}, seeds=2)
    assert table["x"].tolist() == ["1", "18446744073709551616"]


def test_an_error_without_a_message():
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    def mute(seed):
        raise Mute

    assert sweep(mute, {})["error"].tolist() == ["Mute: its message cannot be shown"]


def test_a_batch_of_too_few_results_is_run_one_by_one():
    def doubled(a, seed):
        return {"double": 2 * a}

    doubled.batch = lambda points: [{"double": 0}] * (len(points) - 1)
    assert sweep(doubled, {"a": [1, 2, 3]})["double"].tolist() == [2, 4, 6]


def test_what_an_experiment_does_to_a_list_stays_there():
    def longer(items, seed):
        items.append(seed)
        return {"length": len(items)}

    table = sweep(longer, {"items": [[1, 2], [5]]}, seeds=3)
    assert table["length"].tolist() == [3, 3, 3, 2, 2, 2]
    assert list(table["items"][0]) == [1, 2]


@pytest.mark.parametrize("case", ["exits", "no number", "half a character", "a path"])
def test_what_else_a_point_may_do_stops_no_other(tmp_path, case):
    def experiment(a, *, seed):
        if a != 1:
            return {"x": a}
        if case == "exits":
            sys.exit("no memory file")
        if case == "a path":
            raise FileNotFoundError("no \udcff here")
        return {"x": np.complex128(1) if case == "no number" else "\udcff"}

    table = sweep(experiment, {"a": range(3)}, out=tmp_path / "t.parquet")
    assert table["error"].notna().tolist() == [False, True, False]
    assert table["x"].dropna().tolist() == [0, 2]


def test_an_experiment_with_a_batch_form_is_asked_for_many_at_once():
    def one(a, *, seed):
        return {"x": a + seed}

    sizes = []

    def batch(asked):
        sizes.append(len(asked))
        if any(point["a"] == 7 for point in asked):
            raise ValueError("not seven")
        return [one(**point) for point in asked]

    one.batch = batch
    table = sweep(one, {"a": range(100)}, seeds=3)
    assert table["x"].tolist() == [a + seed for a in range(100) for seed in range(3)]
    assert max(sizes) > 10  # and those with 7 were run one by one
