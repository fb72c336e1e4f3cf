"""A machine comes back to what it was, and goes on from there as it did."""

import pytest

from zbudlab.content import corpus
from zbudlab.machine import ConfigError, Machine


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


@pytest.mark.parametrize(
    "settings",
    [
        {"profile": "3.12-fixed"},
        {"profile": "6.1"},
        {"profile": "6.1", "zpool": "z3fold"},
        {"profile": "6.1", "zpool": "zsmalloc"},
        {"profile": "7.3"},
    ],
    ids=str,
)
def test_a_machine_comes_back_and_goes_on_alike(settings):
    machine, process = busy_machine(**settings)
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
    assert history.rerun_to_end(tmp_path / "log.npz").digest() == machine.digest()


OTHERS = (
    {"compressor": "zstd", "zbud": "plain", "profile": "6.1", "swap_pages": 100},
    {"pageblock_order": 5},
    {"page_bytes": False},
    {"log": False},
)


@pytest.mark.parametrize("settings", OTHERS, ids=str)
def test_a_snapshot_of_another_machine_is_refused_and_nothing_changes(settings):
    machine, _ = busy_machine()
    other = Machine(frames=1024, max_pool_percent=10, threads=1, **settings)
    process = other.create_process(20)
    other.touch(process, range(20))
    before, entries = other.digest(), None if other.log is None else len(other.log)
    with pytest.raises(ConfigError, match="the snapshot is of a machine with") as refused:
        other.restore(machine.snapshot())
    for name, value in settings.items():
        assert f"{name}={value!r}" in str(refused.value)
    assert other.digest() == before
    assert entries is None or len(other.log) == entries
    other.check()


def test_an_equal_machine_takes_a_snapshot_only_without_a_log():
    machine, process = busy_machine()
    other, _ = busy_machine()
    with pytest.raises(ConfigError, match="another machine, whose log"):
        other.restore(machine.snapshot())
    machine, process = busy_machine(log=False)
    machine.reclaim(100)
    other, _ = busy_machine(log=False)
    other.restore(machine.snapshot())
    assert other.digest() == machine.digest()
    assert (other.read(process, 0, 1600) == corpus.pages("mixed", 1600)).all()


def test_a_moment_that_the_log_no_longer_leads_to_is_refused():
    machine, _ = busy_machine()
    early = machine.snapshot()
    machine.reclaim(100)
    late = machine.snapshot()
    machine.restore(late)
    machine.restore(early)
    for _ in range(3):
        machine.zbud_alloc(100)
    before = machine.digest()
    with pytest.raises(ConfigError, match="its log no longer leads there"):
        machine.restore(late)
    assert machine.digest() == before
    machine.restore(early)


@pytest.mark.parametrize("snapshot", [None, 5, "x", {}])
def test_what_is_no_snapshot_is_refused(snapshot):
    with pytest.raises(TypeError, match="snapshot must be a return value of snapshot"):
        Machine(frames=64).restore(snapshot)
