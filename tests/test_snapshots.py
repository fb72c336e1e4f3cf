"""A machine comes back to what it was, and goes on from there as it did."""

import pytest

from zbudlab.content import corpus
from zbudlab.machine import Machine


def busy_machine(**settings):
    machine = Machine(frames=1024, max_pool_percent=10, threads=1, **settings)
    process = machine.create_process(1600)
    machine.write(process, 0, corpus.pages("mixed", 1600))
    return machine, process


def go_on(machine, process):
    machine.touch(process, range(0, 1600, 3), write=True)
    machine.compact()
    machine.zbud_alloc(500)
    other = machine.create_process(300)
    machine.write(other, 0, corpus.pages("text", 300))
    machine.exit(process)
    return other


@pytest.mark.parametrize("profile", ["3.12-fixed", "6.1"])
def test_a_machine_comes_back_and_goes_on_alike(profile):
    machine, process = busy_machine(profile=profile)
    before, snapshot = machine.digest(), machine.snapshot()
    entries = list(machine.log)
    go_on(machine, process)
    after, events = machine.digest(), dict(machine.paging.events)
    assert after != before

    machine.restore(snapshot)
    machine.check()
    assert machine.digest() == before
    assert list(machine.log) == entries
    assert (machine.read(process, 0, 1600) == corpus.pages("mixed", 1600)).all()

    machine.restore(snapshot)
    go_on(machine, process)
    assert machine.digest() == after
    assert dict(machine.paging.events) == events


def test_a_snapshot_can_be_used_again_and_again():
    machine, process = busy_machine()
    snapshot = machine.snapshot()
    digests = set()
    for _ in range(2):
        go_on(machine, process)
        machine.restore(snapshot)
        digests.add(machine.digest())
    assert len(digests) == 1


def test_a_log_that_went_back_replays(tmp_path):
    from zbudlab import history

    machine, process = busy_machine()
    snapshot = machine.snapshot()
    machine.reclaim(100)
    machine.restore(snapshot)
    go_on(machine, process)
    machine.save_log(tmp_path / "log.npz")
    assert history.replayed(tmp_path / "log.npz").digest() == machine.digest()
