"""What each rule of a profile changes: how to see it, and what is seen with and without it."""

from dataclasses import replace
from errno import ENOMEM
from types import SimpleNamespace

import numpy as np

from tests.conformance.traces import trace
from zbudlab import layout
from zbudlab.analysis.predict_pools import Slabs
from zbudlab.conformance.zswap7 import Zswap7Harness
from zbudlab.content.compressors import compressor
from zbudlab.mm import (
    bootmem,
    compaction,
    inspection,
    memory,
    page_alloc,
    zbud,
    zbud_migrate,
)
from zbudlab.mm.state import State
from zbudlab.profiles import OWN_LRU, PROFILES
from zbudlab.swap.settings import ZswapSettings
from zbudlab.swap.today import swap_for


def harnesses_of(monkeypatch, base, rule):
    """Two harnesses of today's zswap with the rules of `base`, the second with one flipped."""
    rules, found = OWN_LRU[base], []
    for value in (getattr(rules, rule), type(getattr(rules, rule))()):
        monkeypatch.setitem(OWN_LRU, base, replace(rules, **{rule: value}))
        found.append(Zswap7Harness(base, 5000))
    return found


def swap_of(monkeypatch, base, rule):
    """Two swaps with the rules of `base`, the second with one rule the other way round."""
    if base in OWN_LRU and rule not in OF_SWAP:
        return harnesses_of(monkeypatch, base, rule)
    found = []
    for value in (getattr(PROFILES[base], rule), not getattr(PROFILES[base], rule)):
        monkeypatch.setitem(PROFILES, "x", replace(PROFILES[base], **{rule: value}))
        state = State(512, pools=2)
        bootmem.free_all_bootmem(state.mem, 512, [])
        swap = swap_for(state, ZswapSettings("x"), compressor=compressor("lz4"))
        swap.swapon(0, 300)
        found.append(swap)
    return found


def text(number):
    """A page that compresses well."""
    return np.resize(np.arange(number, number + 64, dtype=np.uint8), layout.PAGE_SIZE)


NOISE = np.frombuffer(np.random.default_rng(3).bytes(layout.PAGE_SIZE), np.uint8)


def pools(swap):
    swap.swapon(1, 10)
    return len(set(swap.state.swap_info["pool"][:2].tolist()))


def pool_size_after_swapoff(swap):
    swap.store(swap.get_swap_page(), text(1))
    swap.swapoff(0)
    return swap.counters()["pool_pages"]


def kept_after_refusal(swap):
    slot = swap.get_swap_page()
    swap.store(slot, text(1))
    assert swap.store(slot, NOISE) < 0
    return swap.counters()["stored_pages"]


def same_filled(swap):
    swap.store(swap.get_swap_page(), np.full(layout.PAGE_SIZE, 5, np.uint8))
    return swap.counters()["same_filled_pages"]


def answer_to_noise(swap):
    return swap.store(swap.get_swap_page(), NOISE)


def answer_below_the_limit_after_full(swap):
    swap.store(swap.get_swap_page(), text(1))
    swap.state.zswaps["pool_reached_full"] = 1
    swap.state.zswaps["totalram_pages"] = 10
    swap.state.zswaps["accept_threshold_percent"] = 50
    return swap.store(swap.get_swap_page(), text(2))


def answer_to_a_full_pool(swap):
    swap.store(swap.get_swap_page(), text(1))
    swap.state.zswaps["max_pool_percent"] = 0
    return swap.store(swap.get_swap_page(), text(2))


def kept_after_free(swap):
    slot = swap.get_swap_page()
    swap.store(slot, text(1))
    swap.swap_free(slot)
    return swap.counters()["stored_pages"]


def written_though_invalidated(swap):
    slot = swap.get_swap_page()
    swap.store(slot, text(1))

    class Racing(type(swap.cache)):
        def prepare(self, slot, *, busy, used):
            swap.state.swap_slots["entry"][slot] = 0
            return super().prepare(slot, busy=busy, used=used)

    swap.cache = Racing()
    swap.reclaim(0, 1)
    return swap.counters()["written_back_pages"]


def reclaim_while_a_load_reads(swap):
    slot = swap.get_swap_page()
    swap.store(slot, text(1))
    answers = []
    handle = int(swap.state.zswap_entries["handle"][swap.state.swap_slots["entry"][slot]])
    number = swap.state.swap_slots["entry"][slot]
    swap.state.zswap_entries["refcount"][number] += 1
    answers.append(swap.writeback_entry(0, handle))
    return answers


def stored_after_a_failed_write(swap):
    swap.store(swap.get_swap_page(), text(1))
    swap.device.fail = ENOMEM
    swap.reclaim(0, 1)
    return swap.counters()["stored_pages"]


def cached_after_writeback(swap):
    slot = swap.get_swap_page()
    swap.store(slot, text(1))
    swap.reclaim(0, 1)
    return slot in swap.cache


def failed_writeback_of_a_freed_entry(swap):
    slot = swap.get_swap_page()
    swap.store(slot, text(1))
    handle = int(swap.state.zswap_entries["handle"][swap.state.swap_slots["entry"][slot]])
    swap.at["cache"] = lambda slot: swap.swap_free(slot)
    return swap.writeback_entry(0, handle)


def zbud_page(swap):
    """A page of the swap's zbud pool that holds one object: (mem, frame, handle)."""
    swap.state.reserve_nodes(1)
    mem = swap.state.mem
    handle = zbud.zbud_alloc(mem, 0, 1000, layout.MIGRATE_MOVABLE)
    return mem, zbud.zbud_unmap_lookup(mem, 0, handle), handle


def references_after_a_free_while_mapped(swap):
    mem, pfn, handle = zbud_page(swap)
    zbud.zbud_map(mem, 0, handle)
    zbud.zbud_free(mem, 0, handle)
    return mem.pages["refcount"][pfn]


def frames_back_after_the_last_unmap(swap):
    mem, pfn, handle = zbud_page(swap)
    zbud.zbud_map(mem, 0, handle)
    zbud.zbud_free(mem, 0, handle)
    zbud.zbud_unmap(mem, 0, handle)
    return mem.pages["refcount"][pfn]


def isolates_a_free_frame(swap):
    mem, pfn, _ = zbud_page(swap)
    return zbud.zbud_isolate_page(mem, pfn + 1)


def answer_to_migrating_an_emptied_page(swap):
    mem, pfn, handle = zbud_page(swap)
    zbud.zbud_isolate_page(mem, pfn)
    zbud.zbud_free(mem, 0, handle)
    new = page_alloc.alloc_pages(mem, 0, layout.MIGRATE_MOVABLE)
    return zbud_migrate.zbud_migrate_page(mem, new, pfn)


def isolated_twice(swap):
    mem, pfn, _ = zbud_page(swap)
    return [zbud.zbud_isolate_page(mem, pfn), zbud.zbud_isolate_page(mem, pfn)]


def fault_of_a_wrong_count(swap):
    swap.state.zswaps["stored_pages"] = 5
    return inspection.first_fault(swap.state).partition(":")[0]


def last_word(harness, *lines):
    """The result of the last of some lines of a trace."""
    return [harness.run(line) for line in trace(*lines)][-1].partition("|")[0].strip()


def second_load(harness):
    return last_word(harness, "S 0 1 0 7 100", "L 1", "L 1")


def incompressible(harness):
    return last_word(harness, "S 0 1 0 7 4097")


def written_by_the_work(harness):
    stores = [f"S 0 {i} 0 {i} 4000" for i in range(10)]
    return last_word(harness, "R 100", "P 10", *stores, "S 0 99 0 99 1", "K")[:4]


def entries_of_a_page_of_zeros(swap):
    slot = swap.get_swap_page()
    assert swap.store(slot, np.zeros(layout.PAGE_SIZE, np.uint8)) == 0
    assert swap.peek(slot) == bytes(layout.PAGE_SIZE)
    return swap.counters()["stored_pages"]


def moves_to_odd_frames(swap):
    """Whether compaction finds targets where frames are free at odd numbers only."""
    state = State(512, pageblock_order=5)
    bootmem.free_all_bootmem(state.mem, 512, [])
    state.zswaps["free_scan_stride"] = swap.rules.free_scan_stride
    for _ in range(512):
        page_alloc.alloc_pages(state.mem, 0, layout.MIGRATE_MOVABLE)
    for pfn in range(64):
        page_alloc.put_page(state.mem, pfn)
    owner = state.new_process(64)
    places = np.arange(64) + int(state.processes[owner]["start"])
    assert memory.handle_mm_faults(state.mem, owner, places, 0, 1) == 64
    for pfn in range(257, 512, 2):
        page_alloc.put_page(state.mem, pfn)
    moves, control = np.zeros(512, layout.migration), np.zeros(1, layout.compact_control)
    compaction.rescan(state.mem)
    compaction.compact_zone_order(state.mem, moves, control, -1, layout.MIGRATE_MOVABLE, 0)
    return bool(control[0]["migrated"])


def takes_whole_blocks(swap):
    """Whether compaction moves pages into a free block as large as a pageblock."""
    state = State(512, pageblock_order=5)
    bootmem.free_all_bootmem(state.mem, 512, [])
    state.zswaps["spares_free_blocks"] = swap.rules.spares_free_blocks
    owner = state.new_process(8)
    places = np.arange(8) + int(state.processes[owner]["start"])
    assert memory.handle_mm_faults(state.mem, owner, places, 0, 1) == 8
    moves, control = np.zeros(512, layout.migration), np.zeros(1, layout.compact_control)
    compaction.rescan(state.mem)
    compaction.compact_zone_order(state.mem, moves, control, -1, layout.MIGRATE_MOVABLE, 1)
    return bool(control[0]["migrated"])


def slabs_left(swap):
    """Pages that a slab cache still has when all its objects were freed."""
    free = int(swap.state.zone["nr_free_pages"])
    pfn = page_alloc.alloc_pages(swap.state.mem, 0, layout.MIGRATE_UNMOVABLE)
    slabs = Slabs(SimpleNamespace(state=swap.state, take=lambda order, kind: pfn), 64)
    slabs.allocate()
    slabs.free(0, gives_back=swap.rules.gives_slabs_back)
    return free - int(swap.state.zone["nr_free_pages"])


#: Rules of today's kernels that swap has, in front of zswap.
OF_SWAP = ("zeromap",)


#: rule: base profile, what to look at, seen with the base's value, seen with the other
FLIPPED = {
    "shared_pool": ("6.1", pools, 1, 2),
    "stale_size_after_swapoff": ("3.12", pool_size_after_swapoff, 1, 0),
    "invalidate_before_store": ("3.12", kept_after_refusal, 1, 0),
    "same_filled": ("6.1", same_filled, 1, 0),
    "one_page_of_room": ("6.1", answer_to_noise, -22, -28),
    "accept_threshold": ("6.1", answer_below_the_limit_after_full, -ENOMEM, 0),
    "refuse_after_reclaim": ("6.1", answer_to_a_full_pool, -ENOMEM, 0),
    "drop_stale_on_refusal": ("3.12-fixed", kept_after_refusal, 0, 1),
    "swap_slots_cache": ("6.1", kept_after_free, 1, 0),
    "check_tree_before_writeback": ("6.1", written_though_invalidated, 0, 1),
    "check_tree_after_writeback": ("6.1", reclaim_while_a_load_reads, [0], [-11]),
    "fail_freed_as_success": ("3.12", failed_writeback_of_a_freed_entry, 0, -ENOMEM),
    "ignore_write_error": ("6.1", stored_after_a_failed_write, 0, 1),
    "swap_cache_keeps_writeback": ("6.1", cached_after_writeback, True, False),
    "own_lru": ("3.12", fault_of_a_wrong_count, "zswap", "zswap7"),
    "exclusive_load": ("7.3", second_load, "-2 -1 00", "0 7 11"),
    "keep_incompressible": ("7.3", incompressible, "zswap", "disk"),
    "writeback_batch": ("7.3", written_by_the_work, "wb:0", "1"),
    "free_scan_stride": ("6.1", moves_to_odd_frames, False, True),
    "spares_free_blocks": ("6.1", takes_whole_blocks, False, True),
    "gives_slabs_back": ("6.1", slabs_left, 0, 1),
    "zeromap": ("7.3", entries_of_a_page_of_zeros, 0, 1),
    "keep_page_until_unmap": ("v2", references_after_a_free_while_mapped, 1, 2),
    "isolate_under_lock": ("v2", isolates_a_free_frame, True, False),
    "refuse_emptied_page": ("v2", answer_to_migrating_an_emptied_page, 0, -11),
    "mark_isolated": ("v2", isolated_twice, [True, True], [True, False]),
}
