"""The huge pages that running kernels supplied after zswap's pool filled memory.

The recording has one line for each boot: what was done, the free lists of the zone under pressure
before, and the huge pages it supplied. Boots with the same actions form a case, with a band of
results, for `predict_pools`.
"""

import gzip
import json
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from zbudlab.analysis.predict_pools import PoolExperiment
from zbudlab.analysis.recorded import TYPES
from zbudlab.layout import HUGETLB_PAGE_ORDER, MAX_ORDER, MIGRATE_TYPES
from zbudlab.machine.freelists import Counts

Boot = dict[str, Any]


class Case(NamedTuple):
    """The conditions that a group of boots share."""

    kernel: str
    allocator: str
    random_bytes: int
    shrink: bool
    pattern: str


def read_boots(path: str | Path) -> dict[Case, list[Boot]]:
    """Read a recording: the boots of each case."""
    found: dict[Case, list[Boot]] = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for boot in map(json.loads, lines):
            found[Case(**{name: boot[name] for name in Case._fields})].append(boot)
    return dict(found)


def experiment(boot: Boot) -> PoolExperiment:
    """Return what was done in a boot."""
    free = np.zeros((MIGRATE_TYPES, MAX_ORDER), np.int64)
    pageblocks = np.zeros(MIGRATE_TYPES, np.int64)
    for name, migratetype in TYPES.items():
        free[migratetype] = boot["free"][name]
        pageblocks[migratetype] = boot["pageblocks"][name]
    names = ("kernel", "allocator", "min_pages", "pages", "random_bytes", "pattern", "shrink")
    counts = Counts(free, pageblocks, HUGETLB_PAGE_ORDER)
    return PoolExperiment(counts=counts, **{name: boot[name] for name in names})


def band(boots: list[Boot], name: str) -> list[int]:
    """Return the results of that name in boots of one case."""
    return [int(boot[name]) for boot in boots]
