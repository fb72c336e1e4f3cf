"""Faults in compiled code: accesses to pages, with reclaim and swap where they need them.

Source: mm/memory.c: handle_pte_fault, do_swap_page; mm/vmscan.c: balance_pgdat (v3.12).
"""

import numpy as np

from zbudlab.driver.reclaim import discard_marks, reclaim_begin, reclaim_run
from zbudlab.jit import kernel
from zbudlab.layout import (
    ACCESS_FETCH,
    ACCESS_LENGTHS,
    ACCESS_STORE,
    ARRIVED_DEVICE,
    ARRIVED_ZSWAP,
    PHASE_ANSWER,
    PHASE_DIRECT,
    PHASE_FAULTS,
    PHASE_KSWAPD,
    PHASE_ONE,
    STOP_DONE,
    STOP_MEMORY,
    STOP_SWAP_IN,
    WMARK_HIGH,
    WMARK_LOW,
)
from zbudlab.mm.memory import (
    NEED_RECLAIM,
    NEED_SWAP_IN,
    do_swap_page_begin,
    do_swap_page_end,
    handle_mm_fault,
    handle_mm_faults,
)
from zbudlab.mm.swapfile import swap_free
from zbudlab.mm.vmscan import SWAP_CLUSTER_MAX
from zbudlab.mm.zswap import zswap_load_begin, zswap_load_end

MAX_RECLAIM_RETRIES = 16  #: kswapd gives up after so many runs that freed nothing (since 4.12)
MARK_BYTES = 8  #: bytes of a frame that hold its mark, on a machine without page bytes

# --- content -----------------------------------------------------------------------------------


@kernel
def write_mark(mem, pfn, mark):
    """Write the mark of a page to its frame."""
    for byte in range(MARK_BYTES):
        mem.frames[pfn, byte] = (mark >> (8 * byte)) & 0xFF


@kernel
def use_page(mem, work, place, i, lengths, content, access):
    """Use a page in memory as the access asks (layout.ACCESS_*)."""
    pfn = np.int64(mem.ptes[place].value)
    if access == ACCESS_LENGTHS:
        work.page_lengths[place] = lengths[i]
        write_mark(mem, pfn, place + 1)
    elif access == ACCESS_STORE:
        for byte in range(content.shape[1]):
            mem.frames[pfn, byte] = content[i, byte]
    elif access == ACCESS_FETCH:
        for byte in range(content.shape[1]):
            content[i, byte] = mem.frames[pfn, byte]


@kernel
def use_pages(mem, work, places, end, lengths, content):
    """Use the pages that have come into memory together, up to access `end`, and count them."""
    now = work.now[0]
    access = now["access"]
    if access:
        for i in range(now["place"], end):
            use_page(mem, work, places[i], i, lengths, content, access)
    now["pgfault"] += end - now["place"]
    now["place"] = end


# --- swap in -----------------------------------------------------------------------------------


@kernel
def load_mark(mem, work, slot, place):
    """Return the mark in a slot, from zswap or the device, and note where it was."""
    number = zswap_load_begin(mem, slot, work.where)
    if number < 0:
        work.now[0]["device_reads"] += 1
        work.arrivals[place] = ARRIVED_DEVICE
        return np.int64(mem.marks[slot])
    mark = np.int64(mem.entries[number].word)
    zswap_load_end(mem, number)
    work.arrivals[place] = ARRIVED_ZSWAP
    return mark


@kernel
def swap_in(mem, work, owner, place, write):
    """Read a swapped page back and free its slot. Return its frame or NEED_RECLAIM."""
    pfn = do_swap_page_begin(mem)
    if pfn < 0:
        return pfn
    work.slots[0] = np.int64(mem.ptes[place].value)
    write_mark(mem, pfn, load_mark(mem, work, work.slots[0], place))
    do_swap_page_end(mem, owner, place, pfn, write)
    freed = swap_free(mem, work.slots[:1], work.freed)
    discard_marks(mem, work.freed, freed)
    work.now[0]["pgmajfault"] += 1
    return pfn


# --- one fault after the other -----------------------------------------------------------------


@kernel
def wake_kswapd(mem, work):
    """Begin to reclaim up to the high watermark, if free memory is at the low one or below.

    Return the phase that follows.
    """
    now = work.now[0]
    zone = mem.zones[0]
    free = np.int64(zone.nr_free_pages)
    if free > zone.watermark[WMARK_LOW] or now["failures"] >= MAX_RECLAIM_RETRIES:
        return PHASE_ONE
    now["pageoutrun"] += 1
    reclaim_begin(work, np.int64(zone.watermark[WMARK_HIGH]) + 1 - free)
    return PHASE_KSWAPD


@kernel
def try_fault(mem, work, place):
    """Access one entry. Return its frame, NEED_RECLAIM, or NEED_SWAP_IN if the host must swap."""
    now = work.now[0]
    if now["phase"] == PHASE_ANSWER:
        return now["answer"]
    got = np.int64(handle_mm_fault(mem, now["owner"], place, now["write"]))
    if got == NEED_SWAP_IN and not now["host_swaps"]:
        got = np.int64(swap_in(mem, work, now["owner"], place, now["write"]))
    return got


@kernel
def do_faults(mem, work, places, lengths, content):
    """Run accesses up to the first that needs the slow path, and begin that one."""
    now = work.now[0]
    done = handle_mm_faults(mem, now["owner"], places, now["place"], now["write"])
    if done == now["place"]:
        now["phase"] = wake_kswapd(mem, work)
    else:
        use_pages(mem, work, places, done, lengths, content)


@kernel
def do_one_fault(mem, work, places, lengths, content):
    """Run one access on the slow path. Return layout.STOP_DONE or STOP_SWAP_IN."""
    now = work.now[0]
    got = try_fault(mem, work, places[now["place"]])
    if got == NEED_SWAP_IN:
        return STOP_SWAP_IN
    if got == NEED_RECLAIM:
        now["allocstall"] += 1
        reclaim_begin(work, SWAP_CLUSTER_MAX)
        now["phase"] = PHASE_DIRECT
    else:
        use_pages(mem, work, places, now["place"] + 1, lengths, content)
        now["phase"] = PHASE_FAULTS
    return STOP_DONE


@kernel
def do_reclaim(mem, work):
    """Reclaim for a fault. Return layout.STOP_DONE, STOP_MEMORY, or what the host must do."""
    now = work.now[0]
    stop = reclaim_run(mem, work)
    if stop != STOP_DONE:
        return stop
    if now["phase"] == PHASE_DIRECT and now["freed"] == 0:
        return STOP_MEMORY
    now["phase"] = PHASE_ONE
    return STOP_DONE


@kernel(inline=False)
def faults_run(mem, work, places, lengths, content):
    """Access the entries `places` of a process in order, from access `place` of `work.now` on.

    `owner`, `write` and `access` of `work.now` say which process does what with them. places: int64
    (n,). lengths: int32 (n,) for ACCESS_LENGTHS, else (0,). content: uint8 (n, 4096) for
    ACCESS_STORE and ACCESS_FETCH, else (0, 0). Return layout.STOP_DONE, STOP_MEMORY, or what the
    host must do: see `reclaim_run`; STOP_SWAP_IN: read the page of access `place` back, and set
    `answer` and PHASE_ANSWER.
    """
    now = work.now[0]
    while now["place"] < places.shape[0]:
        phase = now["phase"]
        stop = np.int64(STOP_DONE)
        if phase == PHASE_FAULTS:
            do_faults(mem, work, places, lengths, content)
        elif phase in (PHASE_ONE, PHASE_ANSWER):
            stop = np.int64(do_one_fault(mem, work, places, lengths, content))
        else:
            stop = np.int64(do_reclaim(mem, work))
        if stop != STOP_DONE:
            return stop
    return np.int64(STOP_DONE)
