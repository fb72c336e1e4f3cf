"""Blocks of a trace on the simulated allocator; also the tests of traces/blocks.py.

Also tests `traces/blocks.py`.
"""

import numpy as np
import pytest

from tests.traces.samples import FRAMES
from zbudlab import layout
from zbudlab.jit import uncompiled
from zbudlab.mm import page_alloc_check
from zbudlab.traces import blocks
from zbudlab.traces.kmem import NEW, NUMBERING
from zbudlab.traces.zone import BlockReplay


def made_up(rng, count, frames):
    """Events of a machine that we play: blocks given out, freed whole or in pieces."""
    events = np.zeros(count, layout.block_event)
    there, live = [], {}
    for event in events:
        order = int(rng.integers(0, 5))
        if there and rng.integers(2):
            start = there.pop(int(rng.integers(len(there))))
            order = live.pop(start)
            while order and rng.integers(3) == 0:  # the first half now, the other one stays
                order -= 1
                half = start + (1 << order)
                live[half] = order
                there.append(half)
            event["pfn"], event["order"] = start, order
        else:
            start = int(rng.integers(frames >> order)) << order
            taken = any(s < start + (1 << order) and start < s + (1 << o) for s, o in live.items())
            if taken:
                event["pfn"], event["order"] = frames * 2 + 1, 0  # never allocated: unknown
                continue
            live[start] = order
            there.append(start)
            event["alloc"], event["pfn"], event["order"] = 1, start, order
            event["migratetype"] = rng.integers(3)
    return events, live


@pytest.mark.parametrize("seed", range(3))
def test_what_is_in_use_there_is_in_use_here(seed):
    rng = np.random.default_rng(seed)
    events, live = made_up(rng, 3000, 1 << 13)
    zone = BlockReplay(1 << 14)
    zone.feed(events, NUMBERING[NEW])
    assert zone.counts[blocks.LIVE] == len(live)
    assert zone.counts[blocks.REFUSED] == zone.counts[blocks.TWICE] == 0
    unknown = int((events["pfn"] == (1 << 14) + 1).sum())
    assert zone.counts[blocks.UNKNOWN] == unknown > 0
    used = sum(1 << order for order in live.values())
    assert zone.finish()[-1]["free_pages"] == (1 << 14) - used
    assert page_alloc_check.first_fault(zone.state.mem)[0] == 0
    known = {int(entry["key"]) - 1: int(entry["order"]) for entry in zone.table if entry["key"] > 0}
    assert known == live


def test_the_table_of_blocks_grows():
    events = np.zeros(10000, layout.block_event)
    events["pfn"], events["alloc"] = np.arange(10000) * 3, 1
    zone = BlockReplay(1 << 14)
    zone.feed(events, NUMBERING[NEW])
    assert (zone.counts[blocks.LIVE], zone.counts[blocks.TWICE]) == (10000, 0)
    events["alloc"] = 0
    zone.feed(events, NUMBERING[NEW])
    assert zone.sample()["free_pages"] == 1 << 14
    assert not zone.table["key"].any()


def test_what_there_is_no_room_for_is_refused_and_counted():
    events = np.zeros(FRAMES + 10, layout.block_event)
    events["pfn"], events["alloc"] = np.arange(len(events)), 1
    zone = BlockReplay(FRAMES)
    zone.feed(events, NUMBERING[NEW])
    assert zone.counts[blocks.REFUSED] == 10
    events["alloc"] = 0
    zone.feed(events, NUMBERING[NEW])
    assert (zone.sample()["free_pages"], zone.counts[blocks.UNKNOWN]) == (FRAMES, 0)


def test_following_does_the_same_uncompiled():
    events, _ = made_up(np.random.default_rng(7), 300, 1 << 12)
    zones = [BlockReplay(FRAMES) for _ in range(2)]
    zones[0].feed(events, NUMBERING[NEW])
    with uncompiled(["blocks.follow", "blocks.lookup", "blocks.remove"]):
        zones[1].feed(events, NUMBERING[NEW])
    assert (zones[0].table == zones[1].table).all()
    assert (zones[0].state.pages == zones[1].state.pages).all()
