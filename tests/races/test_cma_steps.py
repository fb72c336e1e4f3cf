"""A CMA request meets the races of a compaction, and takes back what it isolated."""

import pytest

from zbudlab import layout
from zbudlab.races import cma_request, explore, explore_named, scenario
from zbudlab.races.cast import records
from zbudlab.races.scenarios import BLOCK_ORDER


@pytest.mark.parametrize(
    ("name", "kind"),
    [("user-free-cma", "moved under its mapper"), ("compact-cma", "one page on two lists")],
)
def test_a_request_meets_the_races_of_the_series(name, kind):
    assert kind in explore_named(name, merge=("isolate",)).kinds
    assert explore_named(name, "v2-mended").verdict == "clean"


def test_a_request_alone_moves_the_page_out_of_its_block():
    machine = scenario("user-free-cma").machine("v2")
    result = explore(machine, [cma_request()])
    assert (result.verdict, result.schedules) == ("clean", 1)
    block = int(records(machine, [cma_request()], 0)[0]["block"])
    end = result.search.root.copy()
    result.image.words[:] = end
    while result.image.actors[0]["pc"] >= 0:
        result.programs.step(result.search, 0)
    mem = result.image.mem
    pooled = [p for p in range(64) if mem.pages[p]["mapcount"] == layout.PAGE_ZBUD_MAPCOUNT_VALUE]
    assert pooled
    assert not any(block <= pfn < block + (1 << BLOCK_ORDER) for pfn in pooled)
    assert (mem.blocks["migratetype"] != layout.MIGRATE_ISOLATE).all()
