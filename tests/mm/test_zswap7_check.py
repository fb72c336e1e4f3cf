"""Each broken invariant of today's zswap gets its sentence."""

import pytest

from tests.conformance.traces import trace
from zbudlab.conformance.zswap7 import Zswap7Harness
from zbudlab.layout import MAX_CGROUPS
from zbudlab.mm import zswap7_check
from zbudlab.mm.inspection import first_fault


@pytest.fixture
def harness():
    made = Zswap7Harness("7.3", 5000)
    lines = ["G 3", *(f"S {i % 3} {i} 0 {i} {1000 + i}" for i in range(9)), "A zstd"]
    for operation in trace(*lines, "S 1 20 0 20 4096", "S 2 21 0 21 500"):
        made.run(operation)
    assert first_fault(made.state) is None
    return made


def at(state, slot):
    """The entry of a slot, and the place of its list record."""
    number = int(state.swap_slots["entry"][slot])
    return number, MAX_CGROUPS + number


PLANTED = {
    1: lambda s: s.zswap_entries["slot"].__setitem__(at(s, 2)[0], 5),
    2: lambda s: s.zswap_entries["handle"].__setitem__(at(s, 2)[0], 77),
    3: lambda s: s.zswap_entries["length"].__setitem__(at(s, 2)[0], 0),
    4: lambda s: s.lrus["cgroup"].__setitem__(at(s, 2)[1], 9),
    5: lambda s: s.lrus["prev"].__setitem__((at(s, 2)[1], 0), 0),
    6: lambda s: s.lrus["prev"].__setitem__((2, 0), at(s, 2)[1]),
    7: lambda s: s.cgroups["nr_listed"].__setitem__(1, 2),
    8: lambda s: s.cgroups["zswap_bytes"].__setitem__(2, 10),
    9: lambda s: s.pools["zswap_entries"].__setitem__(0, 8),
    10: lambda s: s.pools["next_pool"].__setitem__(0, 3),
    11: lambda s: s.zswaps["stored_pages"].__setitem__(0, 10),
    12: lambda s: s.zswaps["stored_incompressible_pages"].__setitem__(0, 0),
    13: lambda s: s.zswaps["compressed_bytes"].__setitem__(0, 5),
    14: lambda s: s.zswaps["nr_entries"].__setitem__(0, 5),
}


@pytest.mark.parametrize("code", range(1, len(zswap7_check.FAULTS)))
def test_a_broken_invariant_is_found(harness, code):
    PLANTED[code](harness.state)
    found, where = zswap7_check.first_fault(harness.state.mem)
    assert found == code
    assert first_fault(harness.state) == f"zswap7: {zswap7_check.FAULTS[code].format(where=where)}"
