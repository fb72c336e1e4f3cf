"""Workloads: what a TOML file says is done, the same for the same seed; what cannot be is told."""

import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from zbudlab.cli import command_line as cli
from zbudlab.content import corpus, sources
from zbudlab.history import replayed
from zbudlab.machine import Machine
from zbudlab.workload import (
    Allocation,
    CmaRequest,
    Phase,
    Process,
    Region,
    Workload,
    WorkloadError,
    access,
    scenarios,
)
from zbudlab.workload.checks import pages_of
from zbudlab.workload.content import DISTINCT, content
from zbudlab.workload.watch import COLUMNS, watch

FRAMES = 1024


def machine(**settings):
    plain = {"frames": FRAMES, "page_bytes": False, "log": False, "threads": 1}
    return Machine(**(plain | settings))


def small(*phases, kinds=None, **settings):
    """A workload of one kind of process with one region of 64 pages."""
    kinds = kinds or (Process("p", (Region(64, **settings),), grow=64),)
    return Workload("small", kinds, phases)


#: Beginnings of a TOML file; what follows stands in the process or in the phase.
APP = "[processes.app]\nregions = [{pages = 1}]\n"
PHASE = f"{APP}[[phases]]\nname = 'a'\nsteps = 1\n"


def content_is(value):
    return f"[processes.app]\nregions = [{{pages = 1, content = {value}}}]"


class TestLanguage:
    def test_sizes(self):
        assert pages_of(12, 100) == 12
        assert pages_of("12 %", 200) == 24
        assert pages_of("0.1 %", 200) == 1  # something is not nothing
        assert pages_of("64 MiB", 5) == 16384
        assert pages_of("8KiB", 5) == 2
        assert pages_of(0, 5) == pages_of("0 %", 5) == 0
        for wrong in ("12", "x %", -1, 1.5, None, True, "-3 %"):
            with pytest.raises(WorkloadError, match="a size is"):
                pages_of(wrong, 100)

    def test_a_file_and_objects_say_the_same(self, tmp_path):
        path = tmp_path / "mine.toml"
        path.write_text("""
            description = "Mine"
            [machine]
            frames = 1024
            [processes.p]
            life = 5
            regions = [{ pages = "5 %", content = { text = 1, zero = 2 }, access = "zipf" }]
            [[phases]]
            name = "one"
            steps = 3
            start = { p = 2 }
            allocate = [{ order = 1, count = 2 }]
            cma = [{ pages = "50 %" }]
        """)
        region = Region("5 %", {"text": 1, "zero": 2}, "zipf")
        phase = Phase(
            "one",
            3,
            {"p": 2},
            allocate=(Allocation(1, count=2),),
            cma=(CmaRequest("50 %"),),
        )
        assert Workload.load(path) == Workload(
            "mine",
            (Process("p", (region,), life=5),),
            (phase,),
            "Mine",
            {"frames": 1024},
            tmp_path,
        )

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "it needs a phase"),
            ("x = 1", "a workload: unknown x; known are"),
            ("phases = [{name = 'a'}]", "phase a: missing 1 required positional argument: 'steps'"),
            ("phases = [{name = 'a', steps = 0}]", "phase a: steps must be 1 to"),
            ("phases = [{name = 'a', steps = 1, start = {q = 1}}]", "a process must be one of"),
            ("phases = [{name = 'a', steps = 1, allocate = [{order = 11}]}]", "order must be 0"),
            ("phases = [{name = 'a', steps = 1, cma = [{pages = 0}]}]", "needs a page at least"),
            ("phases = 5", "phases: a list is needed, not 5"),
            ("processes = 5", "processes: a table is needed, not 5"),
            ("[processes.p]", "process p: it needs a region"),
            ("[processes.p]\nregions = [{pages = 1, access = 'x'}]", "access must be one of"),
            ("[processes.p]\nregions = [{pages = 'x'}]", "a size is"),
            ("[processes.p]\nregions = [{pages = 1, write = 2}]", "write must be 0 to 1, not 2"),
            ("[processes.p]\nends = 'x'\nregions = [{pages = 1}]", "ends must be one of"),
            ("[[[", "is no TOML file"),
            (
                "machine = 5\nphases = [{name = 'a', steps = 1}]",
                "machine: a table is needed, not 5",
            ),
            ("phases = [{name = 'a', steps = 6.5}]", "steps must be a whole number, not 6.5"),
            (f"{APP}life = 4.5", "process app: life must be a whole number, not 4.5"),
            (f"{APP}at_once = 1.5", "process app: at_once must be a whole number, not 1.5"),
            (f"{APP}turn = 1.5", "process app: turn must be a whole number, not 1.5"),
            (f"{APP}life = true", "process app: life must be a whole number, not True"),
            (f"{PHASE}start = {{app = 4.5}}", "phase a: start.app must be a whole number, not 4.5"),
            (f"{PHASE}allocate = [{{every = 1.5}}]", "every must be a whole number, not 1.5"),
            (f"{PHASE}allocate = [{{keep = 1.5}}]", "keep must be a whole number, not 1.5"),
            (f"{PHASE}allocate = [{{order = 1.5}}]", "order must be a whole number, not 1.5"),
            (f"{PHASE}allocate = [{{direct = 1}}]", "direct must be true or false, not 1"),
            (f"{PHASE}cma = [{{pages = 1, every = 1.5}}]", "every must be a whole number, not 1.5"),
            (f"{PHASE}cma = [{{pages = 1, keep = 1.5}}]", "keep must be a whole number, not 1.5"),
            (content_is("5"), "a content is a name or a table of weights by name, not 5"),
            (content_is("{}"), "a content is a name or a table of weights by name, not {}"),
            (content_is("'txt'"), "no content 'txt': there are text, binary"),
            (content_is("{text = 1, txt = 1}"), "no content 'txt': there are text, binary"),
            (content_is("{text = nan}"), "weight must be a number above 0, not nan"),
            (content_is("{text = inf}"), "weight must be a number above 0, not inf"),
            (content_is("{text = true}"), "weight must be a number above 0, not True"),
            (content_is("{text = 'x'}"), "weight must be a number above 0, not 'x'"),
        ],
    )
    def test_what_cannot_be_meant_is_said(self, tmp_path, text, reason):
        path = tmp_path / "wrong.toml"
        path.write_text(text)
        with pytest.raises(WorkloadError, match="(?s)" + reason):
            Workload.load(path)

    def test_names_that_are_not_there(self, tmp_path):
        with pytest.raises(WorkloadError, match="no workload 'x': there are build, database"):
            Workload.load("x")
        with pytest.raises(WorkloadError, match="cannot read"):
            Workload.load(tmp_path / "x.toml")


class TestAccess:
    rng = np.random.Generator(np.random.PCG64(1))

    def test_sequential_starts_over(self):
        pattern = access.Sequential(5)
        assert pattern.next_pages(3).tolist() == [0, 1, 2]
        assert pattern.next_pages(4).tolist() == [3, 4, 0, 1]

    def test_random_uses_all_alike(self):
        counts = np.bincount(access.Random(10, self.rng).next_pages(10_000), minlength=10)
        assert counts.min() > 800

    def test_zipf_follows_its_law(self):
        counts = np.bincount(access.Zipf(50, self.rng, 1.0).next_pages(100_000), minlength=50)
        ranked = np.sort(counts)[::-1]
        wanted = 1 / np.arange(1, 51)
        assert np.allclose(ranked / 100_000, wanted / wanted.sum(), atol=0.01)
        assert np.argmax(counts) != 0 or np.argsort(-counts)[1] != 1  # not in page order

    def test_a_working_set_moves(self):
        pattern = access.WorkingSet(1000, self.rng, 0.1, 0.05)
        first = set(pattern.next_pages(5000).tolist())
        second = set(pattern.next_pages(5000).tolist())
        assert len(first) == len(second) == 100
        assert len(first & second) == 50
        assert len(access.WorkingSet(7, self.rng, 0, 0).next_pages(3)) == 3


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
        assert replayed(tmp_path / "log.npz").digest() == run.machine.digest()


class TestContent:
    def pages(self, named, folder=None):
        return content(named, 0, folder or os.curdir).pages

    def test_recipes_are_the_corpus(self):
        assert np.array_equal(self.pages("text"), corpus.pages("text", DISTINCT))

    def test_mixtures_have_their_shares_everywhere(self):
        pages = self.pages({"zero": 3, "random": 1})
        zero = ~pages.any(axis=1)
        assert zero.mean() == pytest.approx(0.75, abs=0.01)
        thirds = [part.mean() for part in np.array_split(zero, 16)]
        assert max(thirds) - min(thirds) < 0.1

    def test_files_and_folders(self, tmp_path):
        (tmp_path / "a").write_bytes(corpus.pages("text", 3).tobytes())
        pages = self.pages("file:a", tmp_path)
        assert np.array_equal(pages[:3], corpus.pages("text", 3))
        assert np.array_equal(pages[3:6], pages[:3])
        mixed = self.pages({"file:a": 1, "zero": 1}, tmp_path)
        assert (~mixed.any(axis=1)).mean() == pytest.approx(0.5, abs=0.01)
        with pytest.raises(sources.SourceError, match="cannot read"):
            self.pages("file:b", tmp_path)

    def test_unknown_ones(self):
        with pytest.raises(WorkloadError, match="no content 'x': there are text, binary"):
            self.pages("x")
        with pytest.raises(WorkloadError, match="its weight must be a number above 0, not 0"):
            self.pages({"text": 0})


needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="no /proc here")


class TestLiveProcess:
    @needs_proc
    def test_memory_of_a_process_started_from_here(self):
        mark = corpus.page("random", 5)
        read = "import sys; held = sys.stdin.buffer.read(1 << 18); print(flush=True); input()"
        with subprocess.Popen(
            [sys.executable, "-c", read], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as child:
            child.stdin.write(mark * 64)
            child.stdin.flush()
            child.stdout.readline()
            try:
                found = sources.read_process(child.pid, 1 << 16)
            except sources.SourceError as error:
                pytest.skip(f"not even a process started from here: {error}")
            finally:
                child.kill()
        assert found.private
        assert mark in found.pages.tobytes()

    @needs_proc
    def test_evenly_spread_where_there_is_more(self):
        assert sources.read_process("self", 10).pages.shape == (10, 4096)

    def test_refusals_in_words(self, monkeypatch, tmp_path):
        monkeypatch.setattr(sources, "PROC", tmp_path)
        with pytest.raises(sources.SourceError, match="on Linux only"):
            sources.read_process(1, 10)
        for name in ("self", "7"):
            (tmp_path / name).mkdir()
        (tmp_path / "self" / "maps").touch()
        with pytest.raises(sources.SourceError, match="process 8: there is no such process"):
            sources.read_process(8, 10)

        def denied(*arguments, **named):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(sources, "_written_pages", denied)
        with pytest.raises(sources.SourceError, match=r"your own processes only.*ptrace_scope = 1"):
            sources.read_process(7, 10)

    @needs_proc
    def test_a_log_of_it_leaves_the_bytes_out_unless_told(self, tmp_path):
        workload = small(Phase("a", 2, {"p": 1}), content="process:self")
        run = workload.run(Machine(frames=1024, threads=1))
        for _ in run:
            pass
        run.machine.save_log(tmp_path / "log.npz")
        with np.load(tmp_path / "log.npz") as file:
            assert len(file["pages"]) == 0
        run.machine.save_log(tmp_path / "whole.npz", content=True)
        with np.load(tmp_path / "whole.npz") as file:
            assert len(file["pages"]) > 0


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


class TestCommand:
    def test_three_machines_and_a_picture(self, tmp_path, capsys):
        picture, figures = tmp_path / "p.png", tmp_path / "r.json"
        words = ["run", "--workload", "phone", "--frames", "5120", "--seed", "3"]
        assert cli.main([*words, "--plot", str(picture), "--json", str(figures)]) == 0
        said = capsys.readouterr().out
        assert "without zswap  zbud unmovable  zbud movable" in said
        assert "CMA requests met" in said
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert '"zbud movable"' in figures.read_text()

    @pytest.mark.parametrize(
        ("words", "reason"),
        [
            (["--workload", "nothing"], "no workload 'nothing'"),
            (["--workload", "phone", "--pressure", "2"], "--pressure is of the main job"),
            (["--workload", "phone", "--metadata-only"], "--metadata-only is of the main job"),
            (["--workload", "phone", "--lengths", "text"], "--lengths is of the main job"),
            (["--workload", "phone", "nowhere"], "cannot read"),
            (["--workload", "desktop", "--order", "-1"], "order must be 0 to 10, not -1"),
            (["--workload", "desktop", "--order", "11"], "order must be 0 to 10, not 11"),
            (["--workload", "phone", "--frames", "100"], "cma_pages must be"),
        ],
    )
    def test_refusals(self, capsys, words, reason):
        assert cli.main(["run", *words]) == 2
        assert reason in capsys.readouterr().err
