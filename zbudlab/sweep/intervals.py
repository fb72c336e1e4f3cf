"""Means of a sweep's results with bootstrap intervals: how far chance between seeds may reach."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import bootstrap

LEVEL = 0.95
RESAMPLES = 4000


def interval(values: Sequence[float] | np.ndarray, seed: int = 0) -> tuple[float, float]:
    """The 95 % bootstrap interval (percentiles) of the mean of some results.

    One result, or results that are all alike, are their own interval. ValueError for none.
    """
    sample = np.asarray(values, float)
    if not len(sample):
        raise ValueError("there are no results to give an interval for")
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


def summary(table: pd.DataFrame, result: str, by: Sequence[str]) -> pd.DataFrame:
    """One row a group: `by`'s columns, then mean, low, high (95 %), and machines.

    Failed points (with an error, or without the result) are left out. ValueError for columns
    that the table has not.
    """
    missing = [name for name in (*by, result) if name not in table.columns]
    if missing:
        raise ValueError(f"the table has no {', '.join(missing)}, only {', '.join(table.columns)}")
    rows = []
    done = table.dropna(subset=[result])
    for group, part in done.groupby(list(by), sort=False):
        values = part[result].to_numpy(float)
        rows.append((*group, values.mean(), *interval(values), len(values)))
    return pd.DataFrame(rows, columns=[*by, "mean", "low", "high", "machines"])
