"""Damaged LRU lists are noticed."""

import numpy as np
import pytest

from zbudlab import layout
from zbudlab.mm import lru


def off_its_list(state, pfn):
    state.pages[pfn]["next"][layout.LRU] = pfn


def unflagged(state, pfn):
    state.pages[pfn]["page_flags"] &= ~np.uint16(layout.PG_LRU)


def unreferenced(state, pfn):
    state.pages[pfn]["refcount"] = 0


def stray_flag(state, pfn):
    state.pages[200]["page_flags"] |= layout.PG_LRU


def miscounted(state, pfn):
    state.zone["nr_inactive_anon"] += 1


@pytest.mark.parametrize(
    ("damage", "code"),
    [(off_its_list, 1), (unflagged, 1), (unreferenced, 2), (stray_flag, 3), (miscounted, 4)],
)
def test_damaged_lru_lists_are_noticed(lab, damage, code):
    pfns = [lab.user_page(place) for place in range(4)]
    damage(lab.state, pfns[1])
    found, where = lru.first_fault(lab.state.mem)
    assert found == code
    assert str(where) in lru.FAULTS[found].format(where=where)
