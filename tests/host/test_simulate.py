"""A zone in the terms of a machine: orders, types and pageblocks that it can have."""

from tests.host.made_up import BUDDYINFO, put
from zbudlab import host
from zbudlab.host.simulate import machine_counts
from zbudlab.host.zones import Zone


def test_larger_orders_of_other_kernels_count_as_our_largest(root):
    (root / "proc/pagetypeinfo").unlink()
    put(root, "proc/buddyinfo", BUDDYINFO.replace("      4\n", "      4      0      1\n"))
    zone = host.read(root).zone()
    assert zone.free[-2:] == [0, 1]
    counts = machine_counts(zone)
    assert counts.free[:, -1].sum() == 4 + 4
    assert counts.notes == [
        "node 0, zone Normal: free blocks above order 10 count as several of order 10"
    ]


def test_pageblocks_larger_than_the_largest_block_are_split():
    zone = Zone(0, "Normal", [0] * 14, pageblocks={"Movable": 3, "CMA": 1}, pageblock_order=13)
    counts = machine_counts(zone)
    assert (counts.pageblock_order, counts.pageblocks.sum(), counts.frames) == (10, 32, 4 << 13)
    assert counts.notes == [
        "node 0, zone Normal: pageblocks of order 13 become pageblocks of order 10",
        "node 0, zone Normal: pageblocks of CMA become movable ones",
    ]


def test_whole_blocks_of_the_largest_order_are_made():
    zone = Zone(0, "Normal", [1], pageblocks={"Movable": 5}, pageblock_order=7)
    assert machine_counts(zone).frames == 1024
