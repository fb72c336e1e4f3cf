"""Compaction moves pages with their bytes, entries and handles; damage is noticed.

Also tests `mm/compaction_scan.py`.
"""

from tests.mm.lab import Lab
from zbudlab import layout
from zbudlab.mm import compaction, zbud


def test_a_moved_user_page_is_found_through_its_entry_with_its_bytes_and_flags(lab):
    old = [lab.user_page(place, active=place % 2 == 1) for place in range(6)]
    lab.state.pages[old[3]]["page_flags"] |= layout.PG_DIRTY
    assert lab.compact() == layout.COMPACT_COMPLETE
    entries = lab.state.ptes["value"][:6]
    assert not set(entries.tolist()) & set(old)
    for place, pfn in enumerate(entries.tolist()):
        page = lab.state.pages[pfn]
        assert lab.holds(place) == {place % 251}
        assert (page["index"], page["mapping"], page["mapcount"], page["refcount"]) == (
            place,
            1,
            0,
            1,
        )
        assert bool(page["page_flags"] & layout.PG_ACTIVE) == (place % 2 == 1)
        assert bool(page["page_flags"] & layout.PG_DIRTY) == (place == 3)
    assert lab.state.zone["nr_active_anon"] == lab.state.zone["nr_inactive_anon"] == 3
    assert lab.faults() == ((0, 0), (0, 0))


def test_a_page_of_the_swap_cache_moves_with_its_slot(lab):
    pfn = lab.user_page(0)
    page = lab.state.pages[pfn]
    page["page_flags"] |= layout.PG_SWAPCACHE
    page["private"] = 77
    page["refcount"] += 1
    assert lab.compact() == layout.COMPACT_COMPLETE
    new = int(lab.state.ptes[0]["value"])
    moved = lab.state.pages[new]
    assert new != pfn
    assert (moved["private"], moved["refcount"]) == (77, 2)
    assert moved["page_flags"] & layout.PG_SWAPCACHE


def test_a_moved_zbud_page_keeps_its_objects_under_their_handles(lab):
    state = lab.state
    handles = []
    for number in range(8):
        state.reserve_nodes(1)
        handle = zbud.zbud_alloc(state.mem, 0, 1500, layout.MIGRATE_MOVABLE)
        handles.append(handle)
        address = zbud.zbud_map(state.mem, 0, handle) * layout.CHUNK_SIZE
        state.frames.reshape(-1)[address : address + 1500] = number + 1
        zbud.zbud_unmap(state.mem, 0, handle)
    assert lab.compact() == layout.COMPACT_COMPLETE
    assert sorted(lab.entries()["rc"].tolist()) == [0, 0, 0, 0]
    for number, handle in enumerate(handles):
        address = zbud.zbud_map(state.mem, 0, handle) * layout.CHUNK_SIZE
        assert set(state.frames.reshape(-1)[address : address + 1500].tolist()) == {number + 1}


def test_every_isolated_page_has_one_entry_and_the_pinned_one_says_why(lab):
    pfns = [lab.user_page(place) for place in range(5)]
    lab.state.pages[pfns[2]]["refcount"] += 1
    lab.compact()
    entries = {int(entry["old"]): entry for entry in lab.entries()}
    assert sorted(entries) == pfns
    assert (entries[pfns[2]]["new"], entries[pfns[2]]["rc"]) == (-1, -layout.EAGAIN)
    assert all(entry["rc"] == 0 for pfn, entry in entries.items() if pfn != pfns[2])
    assert lab.control[0]["failed"] == 1
    assert lab.holds(2) == {2}


def test_a_locked_page_stays(lab):
    pfn = lab.user_page(0)
    lab.state.pages[pfn]["page_flags"] |= layout.PG_LOCKED
    lab.compact()
    assert lab.state.ptes[0]["value"] == pfn


def test_the_trap_of_scanners_that_meet_while_moving():
    """The run ends as partial, the hints stay, and only `rescan` forgets them."""
    lab = Lab(frames=32)
    for place in range(20):
        lab.user_page(place)
    assert lab.compact() == layout.COMPACT_PARTIAL
    assert lab.entries()["rc"].tolist()[-1] == -layout.ENOMEM
    state = lab.state
    assert compaction.reset_isolation_suitable(state.mem) == 0
    compaction.rescan(state.mem)
    assert not state.blocks["skip"].any()
    assert state.zone["compact_cached_free_pfn"] == 32


def test_damaged_compaction_state_is_noticed(lab):
    lab.state.blocks[3]["skip"] = 2
    assert compaction.first_fault(lab.state.mem) == (5, 3)
    lab.state.zone["compact_cached_free_pfn"] = 999
    assert compaction.first_fault(lab.state.mem) == (4, 999)
