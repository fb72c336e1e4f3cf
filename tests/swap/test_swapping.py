"""Pages swapped in as a batch are those that come one by one, with the same left behind.

Also tests `machine/peek.py` and `swap/compression.py`.
"""

from dataclasses import replace

import numpy as np
import pytest

from zbudlab.content import corpus
from zbudlab.content.compressors import DamagedData
from zbudlab.layout import PAGE_SIZE, PTE_SWAP
from zbudlab.machine import Machine, MachineConfig

SMALL = MachineConfig(frames=256, threads=1, log=False, max_pool_percent=10)
PAGES = 500
DAMAGED = 7  # which of the swapped pages
WORD_FILLED = 40  # the first pages of the process


def pressed(profile):
    """A machine with pages in memory, in zswap and on the device; its process and its content."""
    machine = Machine(replace(SMALL, profile=profile))
    content = corpus.pages("mixed", PAGES, seed=2)
    content[:WORD_FILLED] = 0x5A
    process = machine.create_process(PAGES)
    machine.write(process, 0, content)
    return machine, process, content


def swapped(machine):
    """Slots of swapped pages, and which pages they are."""
    table = machine.state.ptes[:PAGES]
    pages = np.flatnonzero(table["state"] == PTE_SWAP)
    return table["value"][pages].astype(np.int64), pages


def left(machine):
    state = machine.state
    arrays = (state.pages, state.rows, state.zswap_entries, state.swap_slots)
    return [array.tobytes() for array in arrays], machine.swap.counters()


@pytest.mark.parametrize("profile", ["3.12-fixed", "6.1"])
def test_a_batch_loads_what_single_loads_do(profile):
    (one, _, content), (other, _, _) = pressed(profile), pressed(profile)
    slots, pages = swapped(one)
    rows = np.zeros((2, len(slots), PAGE_SIZE), np.uint8)
    sources = [one.swap.load(slot, row) for slot, row in zip(slots.tolist(), rows[0], strict=True)]
    assert {"zswap"} < set(sources)
    assert not other.swap.load_batch(slots, rows[1]).any()
    assert np.array_equal(rows[0], content[pages])
    assert np.array_equal(rows[1], content[pages])
    assert left(one) == left(other)


def test_a_damaged_page_is_told_and_the_others_come():
    machine, process, content = pressed("3.12-fixed")
    slots, pages = swapped(machine)
    stored = slots[machine.state.swap_slots["entry"][slots] > 0]
    entry = machine.state.swap_slots["entry"][stored[DAMAGED]]
    machine.state.zswap_entries["length"][entry] -= 5
    damaged = int(pages[slots == stored[DAMAGED]][0])
    found, whole = machine.peek_pages(process, range(PAGES))
    assert np.flatnonzero(~whole).tolist() == [damaged]
    assert np.array_equal(found[whole], content[whole])
    with pytest.raises(DamagedData):
        machine.peek(process, damaged)


@pytest.mark.parametrize("profile", ["3.12-fixed", "6.1"])
def test_many_pages_peeked_at_are_the_same_and_nothing_is_counted(profile):
    machine, process, content = pressed(profile)
    before = left(machine)
    asked = [3, 499, 3, *range(100, 200)]
    found, whole = machine.peek_pages(process, asked)
    assert whole.all()
    assert np.array_equal(found, content[asked])
    assert [page.tobytes() for page in found] == [machine.peek(process, page) for page in asked]
    assert left(machine) == before
