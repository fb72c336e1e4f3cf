"""The page allocator, migration, compaction and CMA against the traces of Linux 3.12's own code."""

from pathlib import Path

import numpy as np
import pytest

from zbudlab import conformance, layout
from zbudlab.conformance.buddy import replay_buddy
from zbudlab.conformance.compact import CompactReplay, replay_compact
from zbudlab.conformance.trace import Operation, TraceError, operations
from zbudlab.jit import KERNELS, uncompiled
from zbudlab.mm import bootmem, cma, compaction, lru, memory, migrate, page_alloc, vmstat, zbud
from zbudlab.mm.state import State

GOLDEN = Path(__file__).parent / "data" / "golden"
SHORT = ("ch1_anon", "ch4_pinned_retry", "ch5_mapped_then_freed", "ch6_contig")


def expected(trace):
    return trace.with_name(trace.name.replace(".trace.", ".expected.jsonl."))


def trace(*lines):
    return [Operation(line, f"line {number}") for number, line in enumerate(lines, 1)]


@pytest.mark.parametrize("name", SHORT)
def test_uncompiled_code_does_the_same(name):
    path = GOLDEN / "compact" / f"{name}.trace.gz"
    with uncompiled(KERNELS):
        _, difference = conformance.compare("compact", path, expected(path))
    assert difference is None, str(difference)


# --- what the traces do not show ---------------------------------------------------------------


class Lab:
    """A machine with page bytes: user pages of one process, and one zbud pool."""

    def __init__(self, frames=256, pageblock_order=4, areas=()):
        self.state = State(frames, pageblock_order=pageblock_order)
        bootmem.free_all_bootmem(self.state.mem, frames, list(areas))
        self.state.create_pool(0, layout.ZBUD_SERIES)
        self.state.new_process(frames)
        self.moves = np.zeros(frames, layout.migration)
        self.control = np.zeros(1, layout.compact_control)

    @property
    def movers(self):
        return self.state.mem, self.moves, self.control

    def user_page(self, place, *, active=False):
        state = self.state
        pfn = page_alloc.alloc_pages(state.mem, 0, layout.MIGRATE_MOVABLE)
        memory.page_add_anon_rmap(state.mem, pfn, place, 0)
        lru.lru_cache_add(state.zone, state.pages, pfn, active)
        state.frames[pfn] = place % 251
        return pfn

    def compact(self, order=-1):
        return compaction.compact_zone_order(*self.movers, order, layout.MIGRATE_MOVABLE, 1)

    def entries(self):
        return self.moves[: self.control[0]["nr_moves"]]

    def faults(self):
        state = self.state
        return lru.first_fault(state.mem), compaction.first_fault(state.mem)

    def holds(self, place):
        """The bytes that the process finds at a place of its table."""
        return set(self.state.frames[self.state.ptes[place]["value"]].tolist())


@pytest.fixture
def lab():
    return Lab()


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


def test_a_single_zbud_page_moves_by_request(lab):
    lab.state.reserve_nodes(1)
    handle = zbud.zbud_alloc(lab.state.mem, 0, 100, layout.MIGRATE_MOVABLE)
    lab.state.zone["fail_page_alloc"] = 1
    assert migrate.migrate_pool_page(lab.state.mem, 0) == -layout.ENOMEM
    zbud.zbud_map(lab.state.mem, 0, handle)
    assert migrate.migrate_pool_page(lab.state.mem, 0) == -layout.EAGAIN
    zbud.zbud_unmap(lab.state.mem, 0, handle)
    assert migrate.migrate_pool_page(lab.state.mem, 0) == 0
    assert zbud.zbud_map(lab.state.mem, 0, handle) >> layout.NCHUNKS_ORDER != 0


# --- checks ------------------------------------------------------------------------------------


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


def test_damaged_compaction_state_is_noticed(lab):
    lab.state.blocks[3]["skip"] = 2
    assert compaction.first_fault(lab.state.mem) == (5, 3)
    lab.state.zone["compact_cached_free_pfn"] = 999
    assert compaction.first_fault(lab.state.mem) == (4, 999)


# --- files of /proc ----------------------------------------------------------------------------


def test_files_of_a_fresh_zone():
    state = Lab(frames=2048, pageblock_order=9, areas=[(1024, 2048)]).state
    assert vmstat.buddyinfo(state) == ("Node 0, zone   Normal " + "     0 " * 10 + "     2 \n")
    text = vmstat.pagetypeinfo(state).splitlines()
    assert text[0] == "Page block order: 9"
    assert text[1] == "Pages per block:  512"
    assert text[6].split() == ["Node", "0,", "zone", "Normal,", "type", "Movable"] + ["0"] * 10 + [
        "1"
    ]
    assert text[8].split() == ["Node", "0,", "zone", "Normal,", "type", "CMA"] + ["0"] * 10 + ["1"]
    assert text[-1].split() == ["Node", "0,", "zone", "Normal", "0", "0", "2", "0", "2", "0"]
    assert vmstat.extfrag(state) == {
        "extfrag_index": "Node 0, zone   Normal " + "-1.000 " * 11 + "\n",
        "unusable_index": "Node 0, zone   Normal " + "0.000 " * 11 + "\n",
    }


def test_indices_of_scattered_memory_are_printed_in_thousandths(lab):
    pfns = [lab.user_page(place) for place in range(256)]
    for pfn in pfns[::2]:
        lru.lru_cache_del(lab.state.zone, lab.state.pages, pfn)
        page_alloc.put_page(lab.state.mem, pfn)
    files = vmstat.extfrag(lab.state)
    assert files["unusable_index"].split()[4:] == ["0.000"] + ["1.000"] * 10
    assert files["extfrag_index"].split()[4:8] == ["-1.000", "0.493", "0.743", "0.868"]


# --- bad traces --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["alloc 0 movable"], "before it there must be zone and boot"),
        (["boot"], "between zone and the first allocation"),
        (["zone 0 9"], "a zone has 1 to"),
        (["zone 64 11"], "pageblocks of order 1 to 10"),
        (["zone 64 9", "zone 64 9"], "there is a zone already"),
        (["zone 2048 9", "cma 5 1024"], "whole blocks of 1024"),
        (["zone 2048 9", "cma 2048 1024"], "frames 0 to 2047"),
        (["zone 2048 9", "cma 0 1024", "cma 0 2048"], "may not overlap"),
        (["zone 64 9", "boot", "alloc 0 cma"], "a type is"),
        (["zone 64 9", "boot", "alloc -1 movable"], "0 or more"),
        (["zone 64 9", "boot", "alloc x movable"], "a whole number is wanted"),
        (["zone 64 9", "boot", "anon 1"], "unknown operation"),
        (["every 0"], "from 1 up"),
        (["parts all"], "parts takes buddy"),
    ],
)
def test_a_bad_line_is_named(lines, reason):
    with pytest.raises(TraceError, match=reason) as raised:
        list(replay_buddy(trace(*lines)))
    assert f"line {len(lines)}" in str(raised.value)


@pytest.mark.parametrize(
    "line", ["compact", "compact 11", "compact 3 movable later", "pin", "anon x"]
)
def test_a_bad_line_of_compaction_is_named(line):
    with pytest.raises(TraceError, match="line 3"):
        list(replay_compact(trace("zone 64 4", "boot", line)))


def test_what_nobody_owns_is_refused_in_words():
    lines = ["zone 64 4", "boot", "zalloc 100", "zfree 1"]
    asked = {
        "free 3": "dead",
        "freeanon 3": "dead",
        "pin 63": "dead",
        "unpin 0": "dead",
        "zfree 1": "dead",
        "zfree 2": "dead",
        "zmap 1": "null",
        "zunmap 2": "dead",
        "claim 99 movable": "norange",
        "alloc_contig 0 16": "norange",
        "free_contig 0 16": "norange",
    }
    answers = list(replay_compact(trace(*lines, *asked)))
    given = {answer["op"]: answer["rc"] for answer in answers if answer.get("op") in asked}
    assert given == asked


def test_page_table_entries_follow_the_user_pages_of_a_trace():
    path = GOLDEN / "compact" / "c07_all_kinds.trace.gz"
    found = list(operations(path))
    run = CompactReplay(sum(int(op.words[0]) for op in found if op.name == "anon"))
    for operation in found:
        run.run(operation)
    pages, ptes = run.state.pages, run.state.ptes
    on_lru = np.flatnonzero(pages["page_flags"] & layout.PG_LRU)
    assert len(on_lru) > 0
    assert (ptes["value"][pages["index"][on_lru]] == on_lru).all()
