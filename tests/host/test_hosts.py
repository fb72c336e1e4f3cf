"""Zones of a host by name and node, and a machine like one of them."""

import re

import pytest

from tests.host.made_up import PAGETYPEINFO, ZONEINFO, put, recorded
from zbudlab import history, host
from zbudlab.layout import MIGRATE_MOVABLE
from zbudlab.mm import vmstat


@pytest.mark.parametrize("seed", [0, 1])
def test_a_machine_has_the_free_lists_of_the_host(root, seed):
    found = host.read(root)
    machine = found.machine(seed=seed)
    machine.check()
    assert machine.state.zone["nr_free"].tolist() == found.zone().free
    counts = vmstat.free_counts(machine.state)
    assert counts[0][:2] == [4, 1]
    assert counts[MIGRATE_MOVABLE] == [6, 3, 3, 0, 2, 0, 1, 0, 1, 2, 4]
    assert vmstat.pageblock_counts(machine.state)[:3] == [4, 0, 18]  # an odd one made even
    process = machine.create_process(2000)
    machine.touch(process, range(2000), write=True)
    machine.check()


def test_positions_are_the_seeds(root):
    found = host.read(root)
    digests = [found.machine(seed=seed).digest() for seed in (1, 1, 2)]
    assert digests[0] == digests[1] != digests[2]


def test_such_a_machine_replays_from_its_log(root, tmp_path):
    machine = host.read(root).machine(seed=3)
    machine.touch(machine.create_process(50), range(50))
    machine.save_log(tmp_path / "log.npz")
    assert history.rerun_to_end(tmp_path / "log.npz").digest() == machine.digest()


def test_free_blocks_that_fit_no_pageblock_of_their_type_are_placed_anywhere(root):
    text = re.sub(r"(zone   Normal) +3 ", r"\1 0 ", PAGETYPEINFO)
    put(root, "proc/pagetypeinfo", text)
    found = host.read(root)
    assert found.zone().pageblocks["Unmovable"] == 0
    machine = found.machine()
    machine.check()
    assert vmstat.free_counts(machine.state)[0][:2] == [4, 1]


def test_a_zone_of_unknown_size_is_refused_with_what_to_do(root):
    (root / "proc/pagetypeinfo").unlink()
    (root / "proc/zoneinfo").unlink()
    with pytest.raises(
        host.HostError, match=r"the size of zone Normal is not known: put .*proc/zoneinfo"
    ):
        host.read(root).machine()
    put(root, "proc/pagetypeinfo", PAGETYPEINFO)
    assert host.read(root).machine().config.frames == 22 << 9


def test_a_zone_larger_than_a_machine_is_refused_with_those_that_fit(root):
    (root / "proc/pagetypeinfo").unlink()
    put(root, "proc/zoneinfo", ZONEINFO.replace("10500", str((1 << 24) + 1)))
    found = host.read(root)
    with pytest.raises(host.HostError) as told:
        found.machine()
    assert str(told.value) == (
        "zone Normal has 16778240 page frames (64.0 GiB), a machine 16777216 at most; "
        "ask for a smaller zone: DMA"
    )
    assert found.machine("DMA").config.frames == 4096


NODES = """\
Node 0, zone   Normal     10      4      3
Node 1, zone   Normal     20      4      3
Node 1, zone    Movable    1      0      0
"""


def test_a_zone_that_several_nodes_have_must_be_chosen(root):
    put(root, "proc/buddyinfo", NODES)
    found = host.read(root)
    with pytest.raises(host.HostError, match="nodes 0, 1 each have a zone Normal: choose one"):
        found.zone("Normal")
    assert found.zone("Normal", node=1).free[0] == 20
    assert found.on_node(1).zone("Normal").free[0] == 20
    with pytest.raises(host.HostError, match="no zone 'Movable' on node 0 here"):
        found.zone("Movable", node=0)
    with pytest.raises(host.HostError, match="no node 7 here, only: 0, 1"):
        found.on_node(7)
    answer = host.why(found, order=1, node=0, layouts=0)
    assert {decision.zone.node for decision in answer.decisions} == {0}
    assert len(host.why(found, order=1, layouts=0).decisions) > 1
    with pytest.raises(host.HostError, match="no node 7 here, only: 0, 1"):
        host.why(found, order=1, node=7)


def test_pageblocks_of_1024_pages_as_on_32_bit_kernels(tmp_path):
    found = host.read(recorded("pageblock_1024", tmp_path))
    machine = found.machine("Normal")
    assert (machine.config.frames, machine.config.pageblock_order) == (65536, 10)
    machine.check()
    wanted = [sum(counts) for counts in zip(*found.zone().by_type.values(), strict=True)]
    assert machine.state.zone["nr_free"].tolist() == wanted
    assert vmstat.pageblock_counts(machine.state)[MIGRATE_MOVABLE] == 53 + 4
    assert found.simulated("Normal") == [
        "node 0, zone Normal: pageblocks of CMA become movable ones"
    ]
