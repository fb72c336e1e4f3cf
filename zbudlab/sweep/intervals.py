"""Means of a sweep's results with intervals: how far chance between seeds may move a mean.

All intervals of this project are 95 % percentile intervals of the bootstrap: resample the results
with replacement 4000 times, and take the middle 95 % of the means. The course teaches this method,
a reader can repeat it in three lines of NumPy, and it has an answer for every sample, which the
bias-corrected intervals (BCa) do not. For the findings, the ends of the two methods differ by 2 %
of the interval's width in the median, and by at most 15 % in nine of ten cases.

A sample of fewer than FEWEST results gets no interval, as it would be far too narrow: for normal
results it contains the true mean in 94 % of all cases with 30 results, in 90 % with 10, in 84 %
with 5, but only in 75 % with 3 and in 50 % with 2.
"""

import math
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import bootstrap

from zbudlab.io.arguments import checked
from zbudlab.sweep.points import canonical
from zbudlab.sweep.work import plain

LEVEL = 0.95
RESAMPLES = 4000
FEWEST = 5  #: results that have an interval
COLUMNS = ("mean", "low", "high", "machines")


def interval(values: Sequence[float] | np.ndarray, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the mean of some results.

    The ends are NaN for fewer than FEWEST results. Results that are all equal are their own
    interval. seed: of the resampling. ValueError for no results.
    """
    sample = np.asarray(values, float)
    if not len(sample):
        raise ValueError("there are no results to give an interval for")
    if len(sample) < FEWEST:
        return math.nan, math.nan
    if np.ptp(sample) == 0:
        return float(sample[0]), float(sample[0])
    found = bootstrap(
        (sample,),
        np.mean,
        confidence_level=LEVEL,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(found.low), float(found.high)


def too_few(count: int) -> str:
    """Say that a number of results is too small for an interval, "" if it is not."""
    if count >= FEWEST:
        return ""
    return f"n = {count}: at least {FEWEST} are needed for an interval"


@checked()
def summary(table: pd.DataFrame, result: str, by: Sequence[str] | str) -> pd.DataFrame:
    """Return one row per group: the columns of `by`, then mean, low, high, machines, and note.

    low and high are the ends of the 95 % interval, NaN where the group is too small; `note` says
    so. machines: results in the group. Failed points (without the result) are not counted, but a
    group that has only failed points keeps its row. A parameter that is None or NaN is a value
    like any other. ValueError for unknown columns, for results that are not numbers, and for a
    parameter that has the name of one of the columns added here.
    """
    names = [by] if isinstance(by, str) else list(by)
    _check_columns(table, result, names)
    rows = []
    for part in _groups(table, names):
        values = _numbers(part, result)
        mean, ends = (
            (values.mean(), interval(values)) if len(values) else (math.nan, (math.nan,) * 2)
        )
        group = [part[name].iloc[0] for name in names]
        rows.append((*group, mean, *ends, len(values), too_few(len(values))))
    return pd.DataFrame(rows, columns=[*names, *COLUMNS, "note"])


def _check_columns(table: pd.DataFrame, result: str, by: Sequence[str]) -> None:
    """Raise ValueError for columns that are missing, given twice or named like a new one."""
    missing = [name for name in (*by, result) if name not in table.columns]
    if missing:
        raise ValueError(f"the table has no {', '.join(missing)}, only {', '.join(table.columns)}")
    if len(set(by)) < len(by):
        raise ValueError(f"a parameter is given twice: {', '.join(by)}")
    if taken := sorted({*COLUMNS, "note"} & set(by)):
        raise ValueError(
            f"a summary has a column {taken[0]!r} itself: rename the parameter first, "
            f'e.g. table.rename(columns={{"{taken[0]}": "{taken[0]}_"}})'
        )


def _groups(table: pd.DataFrame, by: Sequence[str]) -> list[pd.DataFrame]:
    """Return the rows of each group, in the order in which groups appear."""
    if not by:
        return [table] if len(table) else []
    keys = [table[name] if table[name].dtype != object else table[name].map(_key) for name in by]
    return [part for _, part in table.groupby(keys, sort=False, dropna=False)]


def _key(value: Any) -> Hashable:
    """Return a key that equal values share; it keeps None, NaN, lists and tables apart."""
    return canonical(plain(value))


def _numbers(part: pd.DataFrame, result: str) -> np.ndarray:
    """Return the results of a group that exist, as numbers."""
    try:
        return part[result].dropna().to_numpy(float)
    except (TypeError, ValueError):
        raise ValueError(f"{result} is not a number in every row: it has no mean") from None
