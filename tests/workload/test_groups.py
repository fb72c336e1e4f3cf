"""Cgroups of a workload: their limits hold for their processes, and mistakes are named."""

import pytest

from tests.workload.small import machine
from zbudlab.experiments import pressure
from zbudlab.workload import Group, Phase, Process, Region, Workload, WorkloadError

BATCH = Process("batch", (Region(600, "text"),), grow=100, cgroup="batch")
SERVICE = Process("service", (Region(600, "text"),), grow=100)
TWO = Workload(
    "two",
    (BATCH, SERVICE),
    (Phase("p", 12, {"batch": 1, "service": 1}),),
    machine={"frames": 1024, "profile": "7.3"},
    cgroups=(Group("jobs", zswap_max="2 %"), Group("batch", "jobs", zswap_writeback=False)),
)
TEXT = """
[machine]
frames = 1024
profile = "7.3"
[cgroups.jobs]
zswap_max = "2 %"
[cgroups.batch]
parent = "jobs"
zswap_writeback = false
[processes.batch]
cgroup = "batch"
grow = 100
regions = [{ pages = 600, content = "text" }]
[processes.service]
grow = 100
regions = [{ pages = 600, content = "text" }]
[[phases]]
name = "p"
steps = 12
start = { batch = 1, service = 1 }
"""


def test_a_file_and_objects_say_the_same(tmp_path):
    (tmp_path / "two.toml").write_text(TEXT)
    found = Workload.load(tmp_path / "two.toml")
    assert (found.processes, found.phases, found.cgroups) == (
        TWO.processes,
        TWO.phases,
        TWO.cgroups,
    )


def test_limits_hold_for_the_processes_of_the_cgroup():
    lab = machine(profile="7.3", max_pool_percent=15)
    run = TWO.run(lab, seed=1)
    for _ in run:
        pass
    lab.reclaim(200)
    jobs, batch = (lab.cgroup(run.cgroups[name]) for name in ("jobs", "batch"))
    assert (jobs.zswap_max, batch.writeback) == (20, False)  # 2 % of 1024 frames
    assert jobs.zswap_current // 4096 <= 20
    assert 0 < batch.zswapped < int(lab.state.zswaps["stored_pages"][0])
    batch_process, service = (live.process for live in run.processes)
    on_device = {
        process: sum(lab.explain(process, page).where == "swap device" for page in range(600))
        for process in (batch_process, service)
    }
    assert on_device[batch_process] == 0
    lab.check()


def test_the_experiment_says_what_each_has():
    found = pressure(TWO, seed=1)["cgroups"]
    assert [name for name, *_ in found] == ["jobs", "batch"]
    assert found[0][1] == found[1][1] > 0
    assert pressure("desktop", seed=1, frames=2048)["cgroups"] == []


def test_a_machine_without_cgroups_is_refused():
    with pytest.raises(WorkloadError, match=r"cgroup jobs: zswap of 6\.1 has no cgroups"):
        TWO.run(machine(profile="6.1"), seed=1)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"cgroups": (Group("a"), Group("a"))}, "a second cgroup 'a'"),
        ({"cgroups": (Group("a", "b"),)}, "cgroup a: parent must be one of"),
        ({"processes": (BATCH,), "cgroups": ()}, "process batch: cgroup must be one of"),
    ],
)
def test_a_contradiction_is_named(given, why):
    usual = {"processes": (SERVICE,), "phases": (Phase("p", 1),)}
    with pytest.raises(WorkloadError, match=why):
        Workload("w", **usual | given)


def test_a_limit_is_a_size():
    with pytest.raises(WorkloadError, match="a size is"):
        Group("a", zswap_max="much")
