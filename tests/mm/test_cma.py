"""A range of a CMA area is emptied and given back, or left as it was.

Also tests `mm/page_isolation.py`.
"""

import pytest

from tests.mm.lab import Lab
from zbudlab import layout
from zbudlab.mm import cma


def test_a_contiguous_range_is_emptied_and_can_be_given_back():
    lab = Lab(frames=4096, areas=[(2048, 4096)])
    pfns = [lab.user_page(place) for place in range(2100)]
    inside = [pfn for pfn in pfns if 3072 <= pfn < 3200]
    assert inside
    free = int(lab.state.zone["nr_free_pages"])
    assert cma.alloc_contig_range(*lab.movers, 3072, 3200) == 0
    assert (lab.state.pages["refcount"][3072:3200] == 1).all()
    assert not set(lab.state.ptes["value"][:2100].tolist()) & set(range(3072, 3200))
    assert all(lab.holds(place) == {place % 251} for place in range(2100))
    assert lab.state.zone["nr_free_pages"] == free - 128
    cma.free_contig_range(lab.state.mem, 3072, 3200)
    assert lab.state.zone["nr_free_pages"] == free
    assert lab.faults() == ((0, 0), (0, 0))


def test_a_pinned_page_makes_a_contiguous_range_busy_and_leaves_it_as_it_was():
    lab = Lab(frames=4096, areas=[(2048, 4096)])
    pfns = [lab.user_page(place) for place in range(2100)]
    pinned = max(pfns)
    assert pinned >= 2048
    lab.state.pages[pinned]["refcount"] += 1
    before = (int(lab.state.zone["nr_free_pages"]), int(lab.state.zone["nr_free_cma"]))
    start = pinned & ~63
    assert cma.alloc_contig_range(*lab.movers, start, start + 64) == -layout.EBUSY
    assert int(lab.state.zone["nr_free_pages"]) == before[0]
    assert (lab.state.blocks["migratetype"][128:256] == layout.MIGRATE_CMA).all()


@pytest.mark.parametrize("window", [(0, 64), (2000, 2100), (4000, 5000), (3000, 3000)])
def test_only_ranges_of_cma_areas_can_be_taken(window):
    lab = Lab(frames=4096, areas=[(2048, 4096)])
    assert cma.alloc_contig_range(*lab.movers, *window) == -layout.EINVAL
    assert lab.state.zone["nr_free_pages"] == 4096
