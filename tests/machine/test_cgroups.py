"""Cgroups of a machine: limits, writeback, charges, and what is refused.

Also tests `history/cgroup_sentences.py`.
"""

import numpy as np
import pytest

from tests.machine.machines import small
from zbudlab import history, layout
from zbudlab.content import corpus
from zbudlab.history import History
from zbudlab.layout import MAX_CGROUPS
from zbudlab.machine import Machine, MachineError

PAGES = 600


def limited(**settings):
    """A machine with two processes, one in a cgroup with a limit; more pages than frames."""
    machine = small(profile="7.3", max_pool_percent=30, **settings)
    cgroup = machine.create_cgroup(zswap_max=20)
    processes = [machine.create_process(PAGES, cgroup=cgroup), machine.create_process(PAGES)]
    wrote = corpus.pages("text", PAGES)
    for process in processes:
        machine.write(process, 0, wrote)
    machine.reclaim(PAGES)
    return machine, cgroup, processes, wrote


def test_a_limit_holds_for_its_processes_only():
    machine, cgroup, processes, wrote = limited()
    found = machine.cgroup(cgroup)
    assert found.zswap_max == 20
    assert 0 < found.zswap_current <= 20 * layout.PAGE_SIZE + layout.PAGE_SIZE
    where = [
        [machine.explain(process, page).where for page in range(PAGES)] for process in processes
    ]
    assert where[0].count("zswap") == found.zswapped
    assert where[1].count("zswap") > 3 * found.zswapped
    for process in processes:
        assert np.array_equal(machine.read(process, 0, PAGES), wrote)
    machine.check()


def test_a_page_refused_for_the_limit_is_explained():
    machine = small(profile="7.3")
    cgroup = machine.create_cgroup(zswap_max=0)
    process = machine.create_process(40, cgroup=cgroup)
    machine.write(process, 0, corpus.pages("text", 40))
    machine.reclaim(40)
    found = machine.explain(process, 3)
    assert found.where == "swap device"
    assert found.refusal == "zswap refused it because its cgroup had reached memory.zswap.max"


def test_without_writeback_pages_stay_and_nothing_reaches_the_device():
    machine = small(profile="7.3", max_pool_percent=1)
    cgroup = machine.create_cgroup(zswap_writeback=False)
    process = machine.create_process(300, cgroup=cgroup)
    machine.write(process, 0, corpus.pages("text", 300))
    machine.reclaim(300)
    assert machine.swap.device.writes == 0
    assert machine.swap.counters()["written_back_pages"] == 0
    assert {machine.explain(process, page).where for page in range(300)} == {"memory", "zswap"}
    assert machine.paging.events["swap_write_error"] == 0
    machine.set_zswap_writeback(cgroup, writeback=True)
    machine.reclaim(300)
    assert machine.swap.device.writes > 0


def test_a_limit_above_counts_and_can_be_lifted():
    machine = small(profile="7.3")
    above = machine.create_cgroup(zswap_max=0)
    below = machine.create_cgroup(above)
    process = machine.create_process(40, cgroup=below)
    machine.write(process, 0, corpus.pages("text", 40))
    machine.reclaim(10)
    assert machine.cgroup(below).zswapped == 0
    machine.set_zswap_max(above, None)
    machine.reclaim(10)
    assert machine.cgroup(below).zswapped == machine.cgroup(above).zswapped > 0
    assert machine.cgroup(below).parent == above
    assert machine.cgroup(0)[:3] == (-1, None, True)


def test_an_incompressible_page_is_charged_whole():
    machine = small(profile="7.3")
    process = machine.create_process(4, cgroup=machine.create_cgroup())
    machine.write(process, 0, corpus.pages("random", 4))
    machine.reclaim(4)
    found = machine.cgroup(1)
    assert (found.zswap_current, found.zswapped, found.incompressible) == (4 * 4096, 4, 4)
    assert "as it is, because it did not get shorter" in machine.explain(process, 0).arrival


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (lambda m: m.create_cgroup(7), "there is no cgroup 7"),
        (lambda m: m.create_cgroup(zswap_max=-1), "zswap_max must be 0 to"),
        (lambda m: m.create_cgroup(zswap_writeback=1), "True or False, not 1"),
        (lambda m: m.set_zswap_max(0, 5), "the root cgroup has no limits"),
        (lambda m: m.set_zswap_writeback(0, writeback=False), "the root cgroup has no limits"),
        (lambda m: m.attach(0, 0), "process 0 has pages"),
        (lambda m: m.attach(5, 0), "there is no process 5"),
        (lambda m: m.create_process(5, cgroup=3), "there is no cgroup 3"),
        (lambda m: m.cgroup("root"), "there is no cgroup 'root'"),
        (lambda m: m.operate("set_zswap_max", 0, -2), "the root cgroup"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(act, why):
    machine = small(profile="7.3")
    process = machine.create_process(5)
    machine.touch(process, [0])
    before = machine.digest()
    with pytest.raises(MachineError, match=why):
        act(machine)
    assert machine.digest() == before


def test_only_so_many_cgroups_fit():
    machine = Machine(frames=64, profile="7.3", page_bytes=False)
    for _ in range(MAX_CGROUPS - 1):
        machine.create_cgroup()
    with pytest.raises(MachineError, match="at most 64 cgroups"):
        machine.create_cgroup()


def test_older_profiles_have_no_cgroups_and_other_allocators_no_compaction():
    machine = small(profile="6.1")
    for act in (machine.create_cgroup, lambda: machine.create_process(4, cgroup=1)):
        with pytest.raises(MachineError, match=r"6\.1 has no cgroups .* profiles 7\.2, 7\.3"):
            act()
    with pytest.raises(MachineError, match="only zsmalloc moves them"):
        machine.compact_pool()


def test_compaction_of_the_pool_frees_pages():
    machine = small(profile="7.3", max_pool_percent=50)
    process = machine.create_process(800)
    machine.write(process, 0, corpus.pages("text", 800))
    machine.reclaim(600)
    machine.touch(process, range(0, 800, 2))
    pool = machine.swap.counters()["pool_pages"]
    freed = machine.compact_pool()
    assert freed > 0
    assert int(machine.state.pools["pages_nr"][0]) == pool - freed
    machine.check()


def test_a_log_with_cgroups_replays_and_is_explained(tmp_path):
    machine, cgroup, processes, _ = limited()
    machine.set_zswap_writeback(cgroup, writeback=False)
    machine.set_zswap_max(cgroup, None)
    machine.set_zswap_writeback(cgroup, writeback=True)
    machine.compact_pool()
    machine.save_log(tmp_path / "log")
    assert history.rerun_to_end(tmp_path / "log").digest() == machine.digest()
    past = History(tmp_path / "log")
    told = " ".join(past.explain(stop).sentence for stop in range(1, len(past) + 1))
    for words in (
        "Cgroup 1 is created below the root",
        "Cgroup 1 may have 20 pages of compressed bytes",
        f"Process {processes[0]} belongs to cgroup 1",
        "no longer go to the swap device",
        "may have any number of bytes",
        "may go to the swap device again",
        "moves objects from zspages with few",
    ):
        assert words in told
