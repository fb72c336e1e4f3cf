"""The workloads that come with the package put machines under pressure.

Also tests `workload/watch.py`.
"""

from itertools import pairwise

import pytest

from tests.workload.small import machine
from zbudlab.machine import Machine
from zbudlab.workload import (
    Workload,
    scenarios,
)
from zbudlab.workload.watch import COLUMNS, watch


class TestScenarios:
    def test_the_six_are_there(self):
        assert scenarios() == ["build", "database", "desktop", "fragmenter", "phone", "vm-host"]

    @pytest.mark.parametrize("name", ["build", "database", "desktop", "fragmenter", "vm-host"])
    def test_they_put_their_machine_under_pressure(self, name):
        workload = Workload.load(name)
        assert workload.description
        made = Machine(workload.machine_config(frames=3072, page_bytes=False, log=False, threads=1))
        seen = watch(workload.run(made), every=10)
        assert max(seen["stored"]) > 300
        assert max(seen["swapped"]) > 300
        assert seen["step"][-1] == workload.steps - 1
        assert set(seen) == {"step", *COLUMNS}
        frames = zip(*(seen[n] for n in ("free", "anonymous", "pool", "kernel")), strict=True)
        assert {sum(row) for row in frames} == {3072}
        for column in ("pgfault", "pgmajfault", "pswpout", "device_writes"):
            assert all(earlier <= later for earlier, later in pairwise(seen[column]))
        made.check()

    def test_the_adversary_leaves_fewer_blocks_where_zbud_cannot_move(self):
        workload = Workload.load("fragmenter")
        allocated = {}
        for zbud in ("plain", "series"):
            run = workload.run(machine(**workload.machine | {"frames": 8192, "zbud": zbud}))
            for _ in run:
                pass
            allocated[zbud] = run.totals["allocated"]
        assert allocated["plain"] < allocated["series"]
