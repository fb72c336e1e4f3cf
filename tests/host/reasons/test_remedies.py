"""Remedies on simulated zones; also the tests of reasons/crowd.py."""

import pytest

from zbudlab.host.reasons.crowd import GROUPED, MIXED, Crowd
from zbudlab.host.reasons.decide import decide
from zbudlab.host.reasons.gfp import parse_gfp
from zbudlab.host.reasons.remedies import min_free_kbytes, remedies, zone_counts
from zbudlab.host.reasons.rules import rules_of
from zbudlab.host.zones import Zone

CMA = Zone(
    0, "Normal", [600, *[0] * 9, 4], managed=16384, letters=["UM", *[""] * 9, "C"],
    counts={"min": 100, "free_cma": 4096},
)  # fmt: skip
SCATTERED = Zone(
    0, "Normal", [600, 100, *[0] * 9], managed=8192,
    counts={"min": 100, "active_anon": 2000, "inactive_file": 3000, "dirty": 500},
)  # fmt: skip


def decided(zone, order):
    return decide(zone, [zone], parse_gfp("GFP_KERNEL"), order, rules_of((6, 1)))


def test_blocks_that_the_request_may_not_use_are_left_out():
    found = decided(CMA, 4)
    assert found.verdict == "CMA only"
    counts = zone_counts(found, [CMA], {}, 4096)
    assert int(counts.free.sum()) == 600
    tried = {remedy.what: remedy for remedy in remedies(found, counts, 4, layouts=2)}
    assert tried["compaction"].met == 0
    assert tried["no CMA area in this zone, so that its blocks are for all"].blocks == [256, 256]
    assert tried["a request of order 0 instead"].met == 2


def test_pages_of_files_that_are_clean_can_be_dropped():
    counts = zone_counts(decided(SCATTERED, 4), [SCATTERED], {}, 4096)
    assert (counts.movable, counts.cache, counts.frames) == (5000, 2500, 8192)


@pytest.mark.parametrize("where", [GROUPED, MIXED])
def test_a_zone_has_the_free_blocks_and_its_pages_move(where):
    counts = zone_counts(decided(SCATTERED, 4), [SCATTERED], {}, 4096)
    crowd = Crowd(counts, 3, where)
    assert crowd.free[:3] == [600, 100, 0]
    free = int(crowd.state.zone["nr_free_pages"])
    crowd.compact()
    assert int(crowd.state.zone["nr_free_pages"]) == free == 800
    assert sum(crowd.free[2:]) > 0
    crowd.drop(1000)
    assert int(crowd.state.zone["nr_free_pages"]) == 1800


def test_layouts_are_those_of_their_seeds():
    counts = zone_counts(decided(SCATTERED, 4), [SCATTERED], {}, 4096)
    frames = [Crowd(counts, seed, MIXED).user_frames().tolist() for seed in (1, 1, 2)]
    assert frames[0] == frames[1] != frames[2]


def test_the_command_has_the_number_for_this_machine():
    high = Zone(0, "HighMem", [1], counts={"min": 512})
    boosted = Zone(0, "DMA", [1], counts={"min": 60, "boost": 10})
    assert min_free_kbytes([SCATTERED, boosted, high], 4096) == 4 * (100 + 50)
    found = decided(SCATTERED, 4)
    counts = zone_counts(found, [SCATTERED, boosted, high], {}, 65536)
    tried = remedies(found, counts, 4, layouts=1)
    assert tried[3].command == f"sysctl vm.min_free_kbytes={4 * 64 * 150}"
    unknown = counts._replace(min_free=0)
    assert remedies(found, unknown, 4, layouts=1)[3].command.endswith("(4 times the present value)")
