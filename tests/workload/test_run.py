"""A workload runs as its phases say, and repeats for the same seed."""

import pytest

from tests.workload.small import machine, small
from zbudlab.history import rerun_to_end
from zbudlab.workload import (
    Allocation,
    CmaRequest,
    Phase,
    Process,
    Region,
    Workload,
    WorkloadError,
)


class TestRun:
    def test_processes_are_born_evenly_and_end_when_their_life_does(self):
        kinds = (Process("p", (Region(8),), life=3),)
        run = small(Phase("a", 6, {"p": 3}), Phase("b", 4), kinds=kinds).run(machine())
        steps = list(run)
        assert [step.processes for step in steps] == [1, 1, 2, 1, 2, 1, 1, 0, 0, 0]
        assert [(step.number, step.phase, step.in_phase) for step in steps[5:7]] == [
            (5, "a", 5),
            (6, "b", 0),
        ]
        assert run.totals["started"] == run.totals["ended"] == 3

    def test_some_are_ended_by_a_phase(self):
        for ends, left in (("oldest", [2, 3]), ("newest", [0, 1])):
            kinds = (Process("p", (Region(8),), ends=ends),)
            phases = Phase("a", 1, {"p": 4}), Phase("b", 2, end={"p": "50 %"})
            run = small(*phases, kinds=kinds).run(machine())
            for _ in run:
                pass
            assert [live.number for live in run.processes] == left

    def test_a_process_grows_and_then_uses_its_pages(self):
        kinds = (Process("p", (Region(20), Region(12, use=5)), grow=10),)
        run = small(Phase("a", 6, {"p": 1}), kinds=kinds).run(machine())
        seen = [(step.events["grown"], step.events["used"]) for step in run]
        assert seen == [(10, 0), (10, 0), (10, 0), (2, 0), (0, 21), (0, 21)]
        assert run.machine.state.processes["rss"].sum() == 32

    def test_only_those_whose_turn_it_is_use_theirs(self):
        kinds = (Process("p", (Region(8, use=1),), grow=8, at_once=1, turn=2),)
        phases = (Phase("a", 1, {"p": 3}), Phase("b", 6), Phase("c", 2, sleep=("p",)))
        run = small(*phases, kinds=kinds).run(machine())
        next(run)
        touched = []
        real = run.machine.touch
        run.machine.touch = lambda process, pages, **how: (
            touched.append(process),
            real(process, pages, **how),
        )
        used = [step.events["used"] for step in run]
        assert used == [1] * 6 + [0] * 2
        assert touched == [0, 1, 1, 2, 2, 0]

    def test_blocks_come_back_when_they_are_due(self):
        lent = Allocation(order=2, count=3, every=2, keep=3)
        forever = Allocation(count=1, every=100)
        run = small(Phase("a", 2, allocate=(lent, forever)), Phase("b", 4)).run(machine())
        free = int(run.machine.state.zone["nr_free_pages"])
        left = [free - int(run.machine.state.zone["nr_free_pages"]) for _ in run]
        assert left == [13, 13, 13, 1, 1, 1]
        run.machine.check()

    def test_cma_requests_are_met_and_counted(self):
        request = CmaRequest("50 %", every=1, keep=2)
        run = small(Phase("a", 4, cma=(request,))).run(machine(frames=2048, cma_pages=1024))
        asked = [(step.events["cma_asked"], step.events["cma_met"]) for step in run]
        assert asked == [(1, 1)] * 4  # the first comes back when the third is asked for
        hold = small(Phase("a", 4, cma=(CmaRequest("50 %", keep=0),)))
        steps = hold.run(machine(frames=2048, cma_pages=1024))
        assert [step.events["cma_met"] for step in steps] == [1, 1, 0, 0]
        none = small(Phase("a", 1, cma=(CmaRequest("50 %"),))).run(machine())
        assert next(none).events == {"cma_asked": 1}

    def test_cma_requests_are_made_as_drivers_make_them(self):
        request = CmaRequest(300, every=1, keep=2, by="cma_alloc", align=8)
        run = small(Phase("a", 3, cma=(request,))).run(machine(frames=2048, cma_pages=1024))
        held = [run.machine.cma_bitmap.reshape(4, 256).sum(axis=1).tolist() for _ in run]
        assert held == [[256, 44, 0, 0], [256, 44, 256, 44], [256, 44, 256, 44]]
        assert run.totals["cma_met"] == run.totals["cma_asked"] == 3
        none = small(Phase("a", 1, cma=(CmaRequest(5, by="cma_alloc"),))).run(machine())
        assert next(none).events == {"cma_asked": 1}
        with pytest.raises(WorkloadError, match="by must be one of"):
            CmaRequest(5, by="dma")

    def test_where_there_is_no_memory_the_largest_is_killed(self):
        kinds = (
            Process("large", (Region("60 %"),), grow="50 %"),
            Process("small", (Region("20 %"),), grow="50 %"),
        )
        phases = (Phase("a", 2, {"large": 1}), Phase("b", 6, {"small": 5}))
        run = small(*phases, kinds=kinds).run(machine(swap_pages=0))
        steps = list(run)
        assert run.totals["killed"] >= 1
        assert steps[-1].processes == 6 - run.totals["killed"]
        assert {live.kind.name for live in run.processes} == {"small"}
        run.machine.check()

    def test_who_has_lost_a_page_is_killed(self):
        phases = (Phase("a", 1, {"p": 1}), Phase("b", 3))
        run = small(*phases, use=64, access="sequential").run(machine(page_bytes=True))
        next(run)
        run.machine.reclaim(64)
        run.machine.swap.compression.compressor.decompress = lambda data: b"short"
        assert next(run).events["lost"] == 1
        assert run.processes == []

    def test_it_can_be_changed_while_it_runs(self):
        run = small(Phase("a", 10, {"p": 1}), use=10).run(machine())
        next(run)
        assert next(run).events["used"] == 10
        run.intensity = 2.5
        assert next(run).events["used"] == 25
        run.intensity = 0
        assert next(run).events["used"] == 0
        run.intensity = 1
        live = run.start("p")
        assert next(run).events["grown"] == 64
        run.end(live)
        assert next(run).processes == 1

    def test_it_repeats(self):
        run = small(Phase("a", 2, {"p": 1})).run(machine(), repeat=True)
        assert [next(run).processes for _ in range(6)] == [1, 1, 2, 2, 3, 3]


class TestSame:
    def digest(self, name, seed, **settings):
        workload = Workload.load(name)
        made = machine(**{**workload.machine, "frames": 4096, "cma_pages": 1024} | settings)
        run = workload.run(made, seed=seed)
        for _ in run:
            pass
        made.check()
        return made.digest(), run.totals, made

    def test_the_same_seed_gives_the_same_bytes_and_another_others(self):
        first, again, other = (self.digest("phone", seed) for seed in (1, 1, 2))
        assert first[:2] == again[:2]
        assert first[0] != other[0]

    def test_without_page_bytes_the_counters_are_the_same(self):
        _, events, plain = self.digest("desktop", 3)
        _, same, real = self.digest("desktop", 3, page_bytes=True)
        assert events == same
        assert plain.swap.counters() == real.swap.counters()
        assert plain.swap.counters()["stored_pages"] > 100
        for profile in ("6.1", "3.12"):
            counters = [
                self.digest("vm-host", 3, page_bytes=b, profile=profile)[2].swap.counters()
                for b in (False, True)
            ]
            assert counters[0] == counters[1]
            assert counters[0]["device_writes"] > 0
            assert counters[0]["same_filled_pages"] > 0 or profile == "3.12"

    def test_a_log_of_it_replays(self, tmp_path):
        run = small(Phase("a", 20, {"p": 20}), use=10).run(machine(log=True, frames=1024))
        for _ in run:
            pass
        run.machine.save_log(tmp_path / "log.npz")
        assert rerun_to_end(tmp_path / "log.npz").digest() == run.machine.digest()
