"""What keeps blocks from being free is named, block by block."""

import pytest

from zbudlab.analysis import blockers
from zbudlab.machine import Machine


def machine(**settings):
    return Machine(frames=4096, page_bytes=False, log=False, zswap=False, **settings)


def found(state):
    counts = blockers.count(state, 9)
    assert sum(counts.values()) == 8
    return {reason: count for reason, count in counts.items() if count}


def test_one_page_of_the_kernel_costs_a_block():
    small = machine()
    assert found(small.state) == {"free": 8}
    small.alloc_pages(0)
    assert found(small.state) == {"free": 7, "kernel": 1}


@pytest.mark.parametrize(("zbud", "reason"), [("plain", "unmovable zbud"), ("series", "occupied")])
def test_a_zbud_page_stands_in_the_way_or_has_to_be_somewhere(zbud, reason):
    small = machine(zbud=zbud)
    small.zbud_alloc(2500)
    assert found(small.state) == {"free": 7, reason: 1}


def test_kernel_pages_among_zbud_pages_count_separately():
    small = machine(zbud="plain")
    small.zbud_alloc(2500)
    small.alloc_pages(0)
    assert found(small.state) == {"free": 7, "kernel and zbud": 1}


def test_a_mapped_object_and_a_pinned_page_are_pins():
    small = machine()
    small.zbud_map(small.zbud_alloc(2500))
    assert found(small.state) == {"free": 7, "pinned": 1}
    other = machine()
    shell = other.create_process(1)
    other.touch(shell, [0])
    assert found(other.state) == {"free": 7, "occupied": 1}
    other.pin(int(other.state.ptes["value"][0]))
    assert found(other.state) == {"free": 7, "pinned": 1}


def scattered():
    """A machine whose every second page is free; it could have 4 of 8 blocks."""
    small = machine(min_free=0)
    one, two = small.create_process(2048), small.create_process(2048)
    for page in range(2040):
        small.touch(one, [page])
        small.touch(two, [page])
    small.exit(one)
    return small


def test_scattered_pages_occupy_half_the_blocks_and_the_rest_could_be_emptied():
    small = scattered()
    assert found(small.state) == {"occupied": 4, "scanners met": 4}
    small.compact()
    counts = blockers.count(small.state, 9)
    assert counts["free"] >= 3
    assert counts["occupied"] == 4


def test_hints_and_watermark_are_named():
    small = scattered()
    small.state.blocks["skip"] = 1
    assert found(small.state) == {"occupied": 4, "hints": 4}
    small.state.zone["watermark"] = 4096
    assert found(small.state) == {"occupied": 4, "watermark": 4}


def test_what_stands_in_the_way_in_a_sentence():
    counts = dict.fromkeys(blockers.REASONS, 0) | {"free": 5, "pinned": 2, "hints": 1}
    said = blockers.sentence(counts)
    assert said == "5 of 8 blocks are free; in the way: 2 pinned, 1 hints"
    assert blockers.sentence({"free": 8}) == "8 of 8 blocks are free; nothing is in the way"
