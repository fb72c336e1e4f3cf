"""Every item is found, and what it compares gives the same answers."""

import pytest

from benchmarks import measure, reference
from benchmarks.item import ITEMS, Setup, load_items

needs_c = pytest.mark.skipif(not reference.available(), reason="no C compiler here")


@needs_c
@pytest.mark.parametrize("name", ["zswap", "threads", "scale-2^12", "peers-buddy", "replay"])
def test_what_is_compared_gives_the_same_answers(name):
    load_items()
    case = ITEMS[name](Setup(with_c=True, short=True))
    rows = measure.measure(case, rounds=1)
    assert len(rows) == len(case.steps) > 0


def test_every_item_is_found():
    load_items()
    named = {"page-copy", "radix-10k", "radix-1m", "zbud-10k", "zbud-1m", "zbud-series", "buddy"}
    named |= {"zbud-migration", "compaction-2^18", "compaction-2^20", "zswap", "replay", "threads"}
    named |= {"peers-lookup", "peers-copy", "peers-buddy", "scale-2^12", "scale-2^24"}
    assert named <= set(ITEMS)
