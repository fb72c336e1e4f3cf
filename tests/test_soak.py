"""Random rounds without and with faults; each fault alone; and how a failed round gets short."""

import errno
from dataclasses import replace

import numpy as np
import pytest

from tests import rounds, soak
from tests.twin import Pair
from zbudlab import history, layout
from zbudlab.content.compressors import DamagedData
from zbudlab.machine import Machine, MachineError, operations
from zbudlab.machine.errors import Inconsistent

MILLION = 10**6


@pytest.mark.slow
def test_a_million_operations_and_every_page_is_as_it_was_written():
    done = checks = pages = number = 0
    while done < MILLION:
        config = rounds.setup(seed=2013, number=number)
        pair, checked, compared = rounds.play(config, rounds.script(2013, number), every=1000)
        done += pair.done().total()
        checks += checked
        pages += compared
        number += 1
    print(
        f"{done:,} engine operations in {number} rounds, {checks} checks, {pages:,} pages compared"
    )
    assert checks > done / 2000


def test_a_round_is_the_same_each_time_it_is_played():
    config, rows = rounds.setup(1, 3), rounds.script(1, 3, 200)
    first, second = (rounds.play(config, rows, every=1000)[0] for _ in range(2))
    assert first.machine.digest() == second.machine.digest()
    assert first.done() == second.done()


@pytest.mark.parametrize(
    "number", [0, 10, 1, 3], ids=["lengths", "z3fold, bytes and faults", "6.1", "7.2"]
)
def test_a_log_of_a_round_replays_with_all_that_was_refused(number, tmp_path):
    config = replace(rounds.setup(1, number), log=True)
    pair = rounds.play(config, rounds.script(1, number, 300), every=1000)[0]
    assert pair.refused
    pair.machine.save_log(tmp_path / "log.npz")
    assert history.rerun_to_end(tmp_path / "log.npz").digest() == pair.machine.digest()


# --- one fault at a time -----------------------------------------------------------------------


def full(**settings) -> Pair:
    """A machine whose memory is taken twice over by the first process."""
    settings = {"frames": 256, "log": False, "threads": 1} | settings
    pair = Pair(Machine(**settings), rounds.damaged)
    process = pair.create_process(512)
    pages = rounds.contents(pair, 0, 512)
    liked = [bytes([page[0] & 0xE0]) + page[1:] for page in pages]  # by the moody compressor
    pair.write(process, 0, liked)
    return pair


def verified(pair: Pair) -> None:
    """Invariants hold, and what was acknowledged is there."""
    pair.check()
    pair.verify()
    for process, size in pair.sizes.items():
        for first in range(0, size, 64):
            pair.read(process, first, min(64, size - first))
    pair.check()


@pytest.mark.parametrize("profile", ["3.12-fixed", "6.1", "7.3"])
@pytest.mark.parametrize("zbud", ["series", "plain"])
class TestOneFault:
    def test_no_page_frame_for_a_process(self, profile, zbud):
        pair = full(profile=profile, zbud=zbud)
        pair.machine.inject("page", 3)
        pair.read(0, 0, 64)
        assert pair.machine.state.zone["fail_page_alloc"] == 0
        verified(pair)

    def test_no_page_frame_for_zbud(self, profile, zbud):
        pair = full(profile=profile, zbud=zbud)
        pair.machine.inject("page", 1)
        pair.zbud_alloc(layout.ZBUD_MAX_SIZE)
        assert pair.refused["ENOMEM"] == 1
        pair.zbud_alloc(layout.ZBUD_MAX_SIZE)
        assert pair.refused["ENOMEM"] == 1
        verified(pair)

    def test_no_entry_for_zswap(self, profile, zbud):
        pair = full(profile=profile, zbud=zbud, frames=640, max_pool_percent=90)
        pair.machine.inject("zswap_entry", 5)
        pair.reclaim(30)
        assert pair.machine.swap.counters()["reject_kmemcache_fail"] == 5
        assert pair.machine.swap.device.writes >= 5
        verified(pair)

    def test_the_swap_device_fails(self, profile, zbud):
        pair = full(profile=profile, zbud=zbud)
        pair.machine.inject("swap_write", errno.EIO)
        pair.machine.set_max_pool_percent(0)
        pair.reclaim(100)
        pair.read(0, 0, 64)
        assert pair.machine.paging.events["swap_write_error"] > 0
        pair.check()
        pair.verify()
        pair.machine.inject("swap_write", 0)
        verified(pair)

    def test_swap_is_full(self, profile, zbud):
        pair = full(profile=profile, zbud=zbud, swap_pages=400)
        other = pair.create_process(400)
        pair.write(other, 0, rounds.contents(pair, 7, 400))
        assert pair.refused["ENOMEM"] == 1
        pair.check()
        pair.verify()
        pair.exit(0)
        verified(pair)

    def test_the_compressor_fails_and_lies(self, profile, zbud):
        pair = full(profile=profile, zbud=zbud, compressor="moody")
        other = pair.create_process(300)
        pair.write(other, 0, rounds.contents(pair, 7, 300))
        pair.reclaim(200)
        pair.read(other, 0, 300)
        verified(pair)
        assert pair.refused["EIO"] == pair.machine.paging.events["swap_read_error"] > 0


def test_no_node_for_the_tree_of_handles():
    pair = full(frames=1024, page_bytes=True)
    pair.machine.inject("tree_node", 1)
    while not pair.refused["ENOMEM"]:  # handles only rise: one kept in each node fills nodes
        pair.zbud_alloc(40)
        newest = max(pair.handles)
        if newest % 64:
            pair.zbud_free(newest)
    pair.check()
    rejected = int(pair.machine.state.zswaps[0]["reject_alloc_fail"])
    pair.reclaim(50)
    assert pair.machine.state.zswaps[0]["reject_alloc_fail"] > rejected
    verified(pair)
    with pytest.raises(
        MachineError, match=r'no more nodes or records until inject\("tree_node", 0\)'
    ):
        pair.machine.zbud_alloc(4000 - 40)
    pair.machine.inject("tree_node", 0)
    pair.zbud_alloc(40)
    assert pair.refused["ENOMEM"] == 1


def test_a_page_that_its_compressor_lost_is_named_and_costs_no_frame():
    machine = Machine(frames=256, compressor="moody", log=False)
    process = machine.create_process(1)
    machine.write(process, 0, np.full((1, layout.PAGE_SIZE), 4, np.uint8))
    machine.reclaim(1)
    free = int(machine.state.zone["nr_free_pages"])
    with pytest.raises(MachineError, match="page 0 of process 0 is lost: ") as refused:
        machine.read(process, 0, 1)
    assert refused.value.errno == errno.EIO
    assert machine.state.zone["nr_free_pages"] == free
    with pytest.raises(DamagedData):
        machine.peek(process, 0)
    machine.exit(process)
    machine.check()


def test_faults_have_names():
    machine = Machine(frames=256)
    with pytest.raises(
        MachineError, match="page, zswap_entry, tree_node, swap_write, slot_tree, not 'disk'"
    ):
        machine.inject("disk", 1)
    with pytest.raises(MachineError, match="count must be 0 to 16777216, not -1"):
        machine.inject("page", -1)


# --- what is left of a failed round ------------------------------------------------------------


@pytest.fixture
def broken(monkeypatch):
    """An engine that loses count of its free pages when a third process starts."""
    create = operations.OPERATIONS["create_process"]

    def forgets(machine, pages):
        process = create(machine, pages)
        machine.state.zone["nr_free_pages"] += process == 2
        return process

    monkeypatch.setitem(operations.OPERATIONS, "create_process", forgets)


@pytest.mark.usefixtures("broken")
def test_a_failed_round_is_shrunk_and_its_log_repeats_the_failure(tmp_path):
    config, rows = rounds.setup(1, 2), rounds.script(1, 2)
    failed = rounds.failure(config, rows, every=1000)
    short = rounds.shrunk(config, rows, failed, seconds=60)
    assert [rounds.ACTIONS[which].run.__name__ for which in short[:, 0]] == ["create_process"] * 3
    rounds.save_failure(config, short, tmp_path / "log.npz")
    with pytest.raises(Inconsistent, match="number of free pages"):
        history.rerun_to_end(tmp_path / "log.npz").check()


@pytest.mark.usefixtures("broken")
def test_a_failure_is_told_with_what_repeats_it(tmp_path):
    result = soak.play_round(seed=1, number=2, every=1000)
    told = soak.explain(1, result, tmp_path, seconds=60)
    assert "python -m tests.soak --seed 1 --round 2" in told
    assert "shrunk to 3 operations" in told
    assert (tmp_path / "failure-1-2.npz").exists()


def test_progress_is_kept_and_gone_on_from(tmp_path):
    progress = soak.Progress(1, tmp_path)
    progress.add(soak.play_round(1, 0, every=10_000))
    again = soak.Progress(1, tmp_path)
    assert again.next_round == 1
    assert again.done == progress.done
    assert again.report() == progress.report()
