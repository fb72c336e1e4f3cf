"""The timed loops of zsmalloc give the places that C, written with pointers, gives."""

from dataclasses import replace

import pytest

from benchmarks import reference, zsmalloc_drivers
from benchmarks.items.zsmalloc import Objects, c_side, machine
from zbudlab.mm import zsmalloc_check
from zbudlab.profiles import ZSMALLOC

FRAMES, LIVE = 4096, 900
RULES = [ZSMALLOC["6.1"], ZSMALLOC["7.3"], replace(ZSMALLOC["7.3"], chain_size=16)]


@pytest.mark.skipif(not reference.available(), reason="no C compiler here")
@pytest.mark.parametrize("rules", RULES, ids=["6.1", "7.3", "chain 16"])
def test_loops_agree_with_c(rules):
    state, c = machine(FRAMES, LIVE, rules), c_side(FRAMES, rules)
    objects = Objects(LIVE, 700)
    ours = objects.filled(lambda *given: zsmalloc_drivers.churn(state.mem, *given))
    theirs = objects.filled(lambda h, slots, sizes: c.churn(h, slots, sizes, len(slots)))
    every, sizes = objects.every, objects.first
    for _ in range(5):
        objects.prepare()
        slots = objects.slots
        answers = [
            zsmalloc_drivers.churn(state.mem, ours, slots, objects.sizes),
            zsmalloc_drivers.migrate(state.mem, ours, slots),
            zsmalloc_drivers.release(state.mem, ours, slots[:400]),
            zsmalloc_drivers.compact(state.mem, ours),
            zsmalloc_drivers.churn(state.mem, ours, every, sizes),
        ]
        assert answers == [
            c.churn(theirs, slots, objects.sizes, len(slots)),
            c.migrate(theirs, slots, len(slots)),
            c.release(theirs, slots, 400),
            c.compact(theirs, LIVE),
            c.churn(theirs, every, sizes, LIVE),
        ]
        assert zsmalloc_check.first_fault(state.mem, 0) == (0, 0)
