"""Rows with equal hashes are still told apart."""

import numpy as np

from zbudlab.machine import distinct


def test_distinct_rows_are_told_apart_though_their_hashes_are_equal(monkeypatch):
    monkeypatch.setattr(distinct, "_hashes", lambda rows: np.zeros(len(rows), np.uint64))
    kept = distinct.DistinctRows()
    rows = np.random.default_rng(1).integers(3, size=(50, 64)).astype(np.uint8)
    for some in (rows[:20], rows, rows[::-1]):
        assert (kept.data[kept.numbers(some)] == some).all()
