"""The huge pages that running kernels supplied after zswap's pool filled memory.

The recording has one line for each boot: what was done, the free lists of the zone under pressure
before, and the huge pages it supplied. Boots with the same actions form a case, with a band of
results, for `predict_pools`. A line can be as the experiment wrote it, with all its stages, or
reduced to what is compared.
"""

import gzip
import json
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from zbudlab.analysis.predict import PLAIN
from zbudlab.analysis.predict_pools import KINDS, PoolExperiment
from zbudlab.analysis.recorded import TYPES, ZONE
from zbudlab.layout import HUGETLB_PAGE_ORDER, MAX_ORDER, MIGRATE_TYPES
from zbudlab.machine.freelists import Counts

Boot = dict[str, Any]

#: Names of boots that are not side experiments, by the kernel.
BOOTS = {"k61-": "6.1", "k73-": "7.3"}
FILLED, COMPACTED = "after filling", "after echo 1 > compact_memory"  #: stages


class Case(NamedTuple):
    """The conditions that a group of boots share."""

    kernel: str
    allocator: str
    random_bytes: int
    shrink: bool
    pattern: str


def read_boots(path: str | Path) -> dict[Case, list[Boot]]:
    """Read a recording: the boots of each case. Side experiments are left out."""
    found: dict[Case, list[Boot]] = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for boot in map(json.loads, lines):
            if boot["boot"][:4] in BOOTS:
                boot = reduced(boot) if "stages" in boot else boot
                found[Case(**{name: boot[name] for name in Case._fields})].append(boot)
    return dict(found)


def reduced(boot: Boot) -> Boot:
    """Return what is compared of a boot that has all its stages."""
    before, filled = boot["stages"][0], _stage(boot, FILLED)
    allocator = boot["run"].split("-")[0]
    return {
        "boot": boot["boot"],
        "kernel": BOOTS[boot["boot"][:4]],
        "allocator": allocator if allocator in KINDS else PLAIN,
        "random_bytes": boot["random_bytes"],
        "pattern": boot["free_pattern"],
        "seed": boot["seed"],
        "shrink": boot["drop_caches_before_compaction"],
        "pages": boot["pages_written"],
        "min_pages": boot["zones"][ZONE]["min"],
        "free": before["free_by_type"][ZONE],
        "pageblocks": before["pageblocks_by_type"][ZONE],
        "first_ask": boot["dma32_huge_pages_first_ask"],
        "second_ask": boot["dma32_huge_pages_second_ask"],
        "movable_pageblocks": filled["pageblocks_by_type"][ZONE]["Movable"],
        "moved": boot["changes_by_stage"][COMPACTED]["pgmigrate_success"],
        "pool_pages": boot["pool_pages_after_filling"],
    }


def _stage(boot: Boot, name: str) -> Any:
    """Return a stage of a boot."""
    return next(stage for stage in boot["stages"] if stage["at"] == name)


def experiment(boot: Boot) -> PoolExperiment:
    """Return what was done in a boot."""
    free = np.zeros((MIGRATE_TYPES, MAX_ORDER), np.int64)
    pageblocks = np.zeros(MIGRATE_TYPES, np.int64)
    for name, migratetype in TYPES.items():
        free[migratetype] = boot["free"][name]
        pageblocks[migratetype] = boot["pageblocks"][name]
    names = ("kernel", "allocator", "min_pages", "pages", "random_bytes", "pattern", "shrink")
    counts = Counts(free, pageblocks, HUGETLB_PAGE_ORDER)
    given = {name: boot[name] for name in names}
    return PoolExperiment(counts=counts, pattern_seed=boot.get("seed", 0), **given)


def band(boots: list[Boot], name: str) -> list[int]:
    """Return the results of that name in boots of one case."""
    return [int(boot[name]) for boot in boots]
