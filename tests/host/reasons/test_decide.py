"""A zone's answer to a request: watermarks, reserves and types.

Also tests `host/reasons/rules.py` and `host/reasons/steps.py`.
"""

import pytest

from zbudlab.host.reasons.decide import allowed_zones, decide, deciding, highest_zone
from zbudlab.host.reasons.gfp import parse_gfp
from zbudlab.host.reasons.rules import rules_of
from zbudlab.host.zones import Zone

KERNEL, ATOMIC = parse_gfp("GFP_KERNEL"), parse_gfp("GFP_ATOMIC")
MOVABLE = parse_gfp("GFP_HIGHUSER_MOVABLE")
NEW, OLD, NEWEST = rules_of((6, 1)), rules_of((3, 12)), rules_of((6, 6))


def zone(free, name="Normal", **more):
    counts = {"min": 100, **more.pop("counts", {})}
    return Zone(0, name, free, managed=10000, counts=counts, **more)


def verdict(there, gfp=KERNEL, order=0, rules=NEW):
    return decide(there, [there], gfp, order, rules).verdict


@pytest.mark.parametrize(("free", "gfp", "wanted"), [
    (101, KERNEL, "met now"), (100, KERNEL, "short"),
    (39, ATOMIC, "met now"), (38, ATOMIC, "short"),
])  # fmt: skip
def test_the_reserve_is_for_requests_that_cannot_wait(free, gfp, wanted):
    assert verdict(zone([free]), gfp) == wanted


@pytest.mark.parametrize(("rules", "gfp", "mark"), [
    (OLD, "GFP_NOWAIT", 75), (NEW, "GFP_NOWAIT", 100),
    (OLD, "GFP_ATOMIC", 38), (NEW, "GFP_ATOMIC", 38),
    (OLD, "GFP_KERNEL", 100), (NEW, "GFP_KERNEL|__GFP_HIGH", 50),
    (NEW, "GFP_NOWAIT|__GFP_HIGH", 50), (NEWEST, "GFP_NOWAIT|__GFP_HIGH", 38),
])  # fmt: skip
def test_who_may_use_the_reserve_depends_on_the_kernel(rules, gfp, mark):
    assert decide(zone([9]), [zone([9])], parse_gfp(gfp), 0, rules).mark == mark


def test_the_zone_where_the_request_came_furthest_decides():
    low, normal = zone([5000], "DMA32"), zone([100], "Normal")
    normal.managed = 100 * low.managed
    empty = Zone(0, "DMA", [0, 0])
    found = [decide(there, [low, normal], KERNEL, 3, NEW) for there in (normal, low, empty)]
    assert [one.verdict for one in found] == ["short", "scattered", "empty"]
    assert deciding(found) is found[1]
    assert deciding(found[2:]) is None


def test_pages_of_cma_are_for_movable_requests():
    there = zone([120], counts={"free_cma": 30})
    assert verdict(there) == "CMA only"
    assert verdict(there, MOVABLE) == "met now"


def test_lower_zones_are_reserved():
    there = zone([5000], "DMA", reserve=[0, 6000, 6000])
    normal = zone([10])
    assert decide(there, [there, normal], KERNEL, 0, NEW).verdict == "lowmem reserve"
    assert decide(there, [there, normal], parse_gfp("GFP_KERNEL|__GFP_DMA"), 0, NEW).verdict == (
        "met now"
    )


def test_kernels_before_4_4_halve_the_watermark_by_order():
    there = zone([1000, 0, 0, 0, 1])
    assert verdict(there, order=4, rules=OLD) == "scattered"
    assert verdict(there, order=4, rules=NEW) == "met now"


def test_zones_are_tried_from_the_highest_down():
    zones = [Zone(0, name, [1]) for name in ("DMA", "DMA32", "Normal", "HighMem")]
    assert [found.name for found in allowed_zones(zones, KERNEL)] == ["Normal", "DMA32", "DMA"]
    assert allowed_zones(zones, MOVABLE)[0].name == "HighMem"


@pytest.mark.parametrize(("names", "gfp", "wanted"), [
    (["Normal", "HighMem"], "GFP_KERNEL|GFP_DMA", "Normal"),
    (["DMA", "Normal", "HighMem"], "GFP_KERNEL|GFP_DMA32", "Normal"),
    (["DMA"], "GFP_KERNEL|GFP_DMA32", "DMA32"),
    (["DMA", "Normal"], "GFP_KERNEL|GFP_DMA", "DMA"),
    (["Normal"], "GFP_HIGHUSER_MOVABLE", "Movable"),
])  # fmt: skip
def test_memory_for_devices_is_from_normal_where_there_is_no_other_zone(names, gfp, wanted):
    assert highest_zone([Zone(0, name, [1]) for name in names], parse_gfp(gfp)) == wanted


@pytest.mark.parametrize(("names", "reserve", "gfp", "wanted"), [
    # DMA32 without memory has a number in the list, and is not in the report
    (["DMA", "Normal"], [0, 0, 8000, 8000], "GFP_KERNEL", 8000),
    # DMA32 has memory and was cut from the report
    (["DMA", "Normal"], [0, 3000, 8000, 8000], "GFP_KERNEL", 8000),
    (["DMA", "Normal", "HighMem"], [0, 865, 2960, 2960], "GFP_KERNEL", 865),
    (["DMA", "Normal", "HighMem"], [0, 865, 2960, 2960], "GFP_HIGHUSER_MOVABLE", 2960),
    (["DMA", "Normal"], [0, 865], "GFP_KERNEL|GFP_DMA", 0),
    (["DMA", "Normal"], [], "GFP_KERNEL", 0),
])  # fmt: skip
def test_the_reserve_is_that_of_the_highest_zone_that_a_request_may_use(
    names, reserve, gfp, wanted
):
    zones = [zone([5000], name) for name in names]
    zones[0].reserve = reserve
    assert decide(zones[0], zones, parse_gfp(gfp), 0, NEW).reserve == wanted


def test_zones_of_other_nodes_do_not_count_for_the_reserve():
    low, far = zone([5000], "DMA32", reserve=[0, 0, 0]), zone([10])
    far.node = 1
    assert decide(low, [low, far], KERNEL, 0, NEW).reserve == 0


def test_the_check_by_order_of_old_kernels_has_no_reserve_and_counts_cma():
    low = zone([200, 0, 64], "DMA", reserve=[0, 250])
    # without orders 0 and 1, 253 pages remain, more than a quarter of the mark
    assert decide(low, [low, zone([1])], KERNEL, 2, OLD).verdict == "met now"
    there = zone([120, 0, 16], counts={"free_cma": 80})
    assert decide(there, [there], KERNEL, 2, OLD).verdict == "met now"


def test_pages_of_high_atomic_count_for_more_requests_since_6_4():
    there = zone([120], counts={"reserved_highatomic": 30})
    high = parse_gfp("GFP_KERNEL|__GFP_HIGH")
    answers = [decide(there, [there], high, 0, rules).high_atomic for rules in (OLD, NEW, NEWEST)]
    assert answers == [0, 30, 0]
    there.counts["free_highatomic"] = 8
    assert decide(there, [there], KERNEL, 0, NEWEST).high_atomic == 8
    recorded = zone([120], pageblocks={"HighAtomic": 2})
    assert decide(recorded, [recorded], KERNEL, 0, NEW).high_atomic == 1024
