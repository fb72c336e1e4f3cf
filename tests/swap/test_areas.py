"""Swap areas lie one after the other; slots are issued in turn and come back."""

import numpy as np
import pytest

from tests.swap.lab import Lab, make_pages


def test_slots_are_given_out_in_turn_and_come_back():
    swap = Lab(slots=4)
    assert [swap.get_swap_page() for _ in range(5)] == [0, 1, 2, 3, -1]
    swap.swap_free([1, 2])
    assert swap.free_slots() == 2
    assert swap.get_swap_pages(5).tolist() == [1, 2]
    swap.check()


def test_6_1_keeps_64_freed_slots_and_their_copies():
    swap = Lab(profile="6.1", slots=100)
    slots = swap.get_swap_pages(65)
    swap.store_batch(slots, np.repeat(make_pages(2)[1:], 65, axis=0))
    swap.swap_free(slots[:64])
    assert swap.counters()["stored_pages"] == 65
    assert swap.counters()["cached_slots"] == 64
    assert not swap.used(int(slots[0]))
    swap.check()
    swap.swap_free(slots[64])
    assert swap.counters()["stored_pages"] == 1
    assert swap.counters()["cached_slots"] == 1
    assert swap.free_slots() == 100
    assert len(swap.get_swap_pages(200)) == 100
    assert swap.counters()["stored_pages"] == 0
    swap.check()


def test_areas_lie_side_by_side_and_each_has_its_pool():
    swap = Lab(areas=3, slots=10)
    assert swap.slot(2, 4) == 24
    assert swap.type_offset(24) == (2, 4)
    swap.use_slot(24)
    swap.store(24, make_pages(2)[1])
    assert swap.state.pools["pages_nr"].tolist() == [0, 0, 1]
    swap.swapoff(1)
    swap.swapon(1, 11)
    assert swap.slot(1, 0) == 30
    swap.check()


def test_an_area_that_cannot_be_is_refused():
    swap = Lab(slots=10)
    with pytest.raises(ValueError, match="swap area 0 is on already"):
        swap.swapon(0, 5)
    with pytest.raises(ValueError, match="types are 0 to 28"):
        swap.swapon(29, 5)
    with pytest.raises(ValueError, match="needs pool 1, there are 1"):
        swap.swapon(1, 5)
    known = r"one of 3\.12-fixed, 3\.12, 6\.1, 7\.2, 7\.3, v2, v2-mended, not '2\.4'"
    with pytest.raises(ValueError, match=known):
        Lab(profile="2.4")
    with pytest.raises(ValueError, match="needs a compressor"):
        Lab(compressor=None)
