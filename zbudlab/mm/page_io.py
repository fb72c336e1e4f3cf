"""Pages on their way to swap and out of it, in kernels whose zswap has its own lists.

A page of zeros is only marked (rule `zeromap`). Any other page is offered to zswap as a folio of
one page. A batch of pages is one call, which ends where ordinary Python has to act: where a cgroup
at its limit is shrunk, and where a refusal has queued the shrink work.

Limits: the lab's processes have folios of one page. `swap.folios` stores larger ones.

Source: mm/page_io.c, swap_writeout; mm/swapfile.c, swap_range_free (v7.2, v7.3).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import SWAP_ZEROS
from zbudlab.mm.zswap7 import (
    AT_LIMIT,
    zswap_folio_begin,
    zswap_folio_not_stored,
    zswap_invalidate,
    zswap_store_folio,
)
from zbudlab.mm.zswap_entry import first_word


@kernel(inline=False)
def mark_zeros(mem, slot, data, which):
    """Mark a slot's page as zeros. What zswap has for the slot is older, and is dropped.

    Without page bytes the tag of the page, in row `which` of `data`, stays with the slot: it
    proves whose page it is.
    """
    zswap_invalidate(mem, slot)
    mem.slots[slot].frontswap = SWAP_ZEROS
    mem.slots[slot].refusal = 0
    if mem.marks.shape[0]:
        mem.marks[slot] = first_word(data, which)


@kernel(inline=False)
def swap_writeout(mem, batch, cgroup, data, raw, lengths):
    """Offer a page to zswap. Return 0, AT_LIMIT (shrink the cgroup first) or a negative errno.

    The arguments are those of `zswap7.zswap_store_folio`.
    """
    mem.slots[batch[0]].frontswap = 0
    answer = np.int64(zswap_folio_begin(mem, cgroup))
    if answer == AT_LIMIT:
        return answer
    if answer:
        return np.int64(zswap_folio_not_stored(mem, batch, answer))
    return np.int64(zswap_store_folio(mem, batch, cgroup, data, raw, lengths))


@kernel(inline=False)
def swap_writeout_pages(mem, batch, groups, data, raw, lengths, answers):
    """Write pages out. Return the index of the one at which Python has to act, or n.

    batch: their slots, int64 (n,). groups: the cgroup of each, int64 (n,). data, raw, lengths: as
    for `zswap7.zswap_store_folio`; under the rule `zeromap` the length 0 is a page of zeros.
    answers: int64 (n,), gets 0 or the errno of each; AT_LIMIT where the cgroup must be shrunk
    before the page is offered again.
    """
    zswap = mem.zswaps[0]
    for i in range(batch.shape[0]):
        if zswap.zeromap and lengths[i] == 0:
            mark_zeros(mem, batch[i], data, i)
            answers[i] = 0
            continue
        one = slice(i, i + 1)
        answers[i] = swap_writeout(mem, batch[one], groups[i], data[one], raw[one], lengths[one])
        if answers[i] == AT_LIMIT or zswap.shrink_work:
            return i
    return batch.shape[0]


@kernel(inline=False)
def swap_discard(mem, batch):
    """Drop what zswap has for slots that were freed, int64 (n,), and their marks."""
    for slot in batch:
        zswap_invalidate(mem, slot)
        mem.slots[slot].frontswap = 0
