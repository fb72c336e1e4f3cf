"""The two indices of fragmentation, for any number of orders."""

import pytest

from zbudlab import host
from zbudlab.host import zones
from zbudlab.layout import MAX_ORDER
from zbudlab.machine import Machine
from zbudlab.mm import vmstat


def test_indices_are_those_of_the_engine(root):
    zone = host.read(root).zone()
    machine = Machine(frames=1024, page_bytes=False)
    machine.state.zone["nr_free"] = zone.free
    shown = vmstat.extfrag(machine.state)["unusable_index"].split()[-MAX_ORDER:]
    assert [f"{value:.3f}" for value in zone.unusable_index()] == shown


@pytest.mark.parametrize(
    ("blocks", "order", "fragmentation", "unusable"),
    [
        ([0, 0], 1, 0.0, 1.0),
        ([8], 3, 0.75, 1.0),
        ([0, 0, 2], 1, -1.0, 0.0),
        ([4, 0, 1, *[0] * 11, 1], 14, -1.0, 0.0),
        ([1], 9, -0.001, 1.0),
    ],
)
def test_indices_of_other_numbers_of_orders(blocks, order, fragmentation, unusable):
    assert zones.unusable_index(blocks, order) == pytest.approx(unusable, abs=1e-3)
    assert zones.fragmentation_index(blocks, order) == pytest.approx(fragmentation, abs=1e-3)
