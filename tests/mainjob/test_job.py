"""The main job on small machines: what its figures say, and that no page is lost unnoticed.

Also tests `mainjob/report.py`.
"""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from zbudlab import layout
from zbudlab.content import compressors, corpus
from zbudlab.content.sources import from_pages
from zbudlab.machine import SWAP_TYPE
from zbudlab.machine.config import MachineConfig
from zbudlab.machine.errors import ConfigError, MachineError
from zbudlab.machine.settings import MACHINES
from zbudlab.mainjob import job, report
from zbudlab.mm import zbud
from zbudlab.profiles import todays_profile

CONTENT = from_pages(corpus.pages("mixed", 3000))
WITHOUT, UNMOVABLE, MOVABLE, TODAY = job.VARIANTS


def plan(frames=8192, **settings):
    config = {"compressor": "lz4", "log": False, "threads": 1}
    names = {"scenario", "pressure", "exits", "order", "machines"}
    chosen = {name: settings.pop(name) for name in names & settings.keys()}
    return job.JobPlan(MachineConfig(frames=frames, **(config | settings)), **chosen)


def outcomes_of(plan):
    return {outcome.variant: outcome for outcome in job.run(plan, CONTENT)}


@pytest.fixture(scope="module")
def scattered():
    return outcomes_of(plan(8192, cma_pages=1024))


@pytest.fixture(scope="module")
def orderly():
    return outcomes_of(plan(8192, scenario="orderly"))


#: Compressors that come with the package and can be used here.
BUILT_IN = [
    name for name in ("lz4", "lzo", "zstd", "deflate", "none") if compressors.available()[name]
]


class TestFigures:
    def test_every_page_is_intact(self, scattered, orderly):
        for outcomes in (scattered, orderly):
            assert all(o.intact == o.pages == 45 * 256 for o in outcomes.values())

    def test_movable_zbud_pages_give_more_blocks(self, scattered):
        assert scattered[MOVABLE].blocks_after > scattered[UNMOVABLE].blocks_after
        assert scattered[MOVABLE].blocks_after <= scattered[MOVABLE].blocks_ideal
        gained = f"{scattered[UNMOVABLE].blocks_after} -> {scattered[MOVABLE].blocks_after} order-9"
        assert gained in report.headline(list(scattered.values()), 9)

    def test_in_order_there_is_nothing_to_win_and_it_says_so(self, orderly):
        assert orderly[MOVABLE].blocks_after == orderly[UNMOVABLE].blocks_after
        assert "change nothing here" in report.headline(list(orderly.values()), 9)

    def test_a_loss_would_be_called_one(self, scattered):
        worse = [replace(o, blocks_after=10 - i) for i, o in enumerate(scattered.values())]
        assert report.headline(worse[1:], 9) == report.headline(worse, 9)
        assert "cost blocks here: 9 -> 8" in report.headline(worse, 9)

    def test_without_zswap_there_is_no_pool(self, scattered):
        outcome = scattered[WITHOUT]
        assert outcome.swapped > 0
        for name in ("stored_pages", "pool_pages", "density", "compression", "refused"):
            assert getattr(outcome, name) == 0
        assert not any(outcome.rejects.values())

    def test_fit_together(self, scattered):
        for name in (UNMOVABLE, MOVABLE):
            outcome = scattered[name]
            assert outcome.density == outcome.stored_pages / outcome.pool_pages
            assert 1 <= outcome.density <= 2
            assert 0 < outcome.compression < 1
            assert outcome.pool_pages <= 8192 * 20 // 100 + 1
            written_back = outcome.rejects["written_back_pages"]
            assert outcome.stored_pages + written_back + outcome.refused == outcome.swapped
            assert outcome.blocks_before <= outcome.blocks_after <= outcome.blocks_ideal
            assert outcome.blocks_ideal == outcome.free_pages >> 9
            assert 0 < outcome.cma_given <= outcome.cma_asked == 1

    def test_the_maps_hold_what_the_figures_count(self, scattered):
        for outcome in scattered.values():
            kinds = outcome.map_before
            free = np.isin(kinds, (layout.FRAME_FREE, layout.FRAME_FREE_CMA)).sum()
            assert (len(kinds), free) == (8192, outcome.free_pages)
            assert np.isin(kinds, layout.POOL_KINDS).sum() == outcome.pool_pages_left

    def test_are_the_same_again_for_the_same_seed_only(self):
        outcomes, again, other = (outcomes_of(plan(512, seed=seed)) for seed in (0, 0, 1))
        for name, outcome in outcomes.items():
            first, second = outcome.as_dict(), again[name].as_dict()
            assert {**first, "seconds": 0} == {**second, "seconds": 0}
            assert outcome.digest != other[name].digest


class TestMachines:
    @pytest.mark.parametrize("profile", ["3.12", "6.1"])
    def test_every_profile_keeps_every_page(self, profile):
        outcomes = outcomes_of(plan(512, profile=profile, order=7))
        assert all(o.intact == o.pages for o in outcomes.values())
        assert outcomes[MOVABLE].stored_pages > 0

    @pytest.mark.parametrize("name", BUILT_IN)
    def test_every_compressor_keeps_every_page(self, name):
        outcomes = outcomes_of(plan(512, compressor=name, order=7))
        assert all(o.intact == o.pages for o in outcomes.values())
        assert (outcomes[MOVABLE].stored_pages == 0) == (name == "none")

    @pytest.mark.parametrize(
        "settings",
        [
            {"frames": 64, "order": 3},
            {"frames": 64, "order": 9},
            {"frames": 1000, "order": 6},
            {"frames": 1537, "pageblock_order": 5},
            {"frames": 512, "max_pool_percent": 0},
            {"frames": 512, "max_pool_percent": 1},
            {"frames": 512, "max_pool_percent": 80},
            {"frames": 512, "max_pool_percent": 100, "machines": MACHINES[:3]},
            {"frames": 512, "pressure": 0.1},
            {"frames": 512, "pressure": 3.0},
            {"frames": 512, "exits": 0},
            {"frames": 512, "exits": 1},
            {"frames": 512, "order": 0},
            {"frames": 512, "order": 10},
        ],
        ids=str,
    )
    def test_the_edges_keep_every_page_and_make_a_table(self, settings):
        chosen = plan(**settings)
        outcomes = outcomes_of(chosen)
        assert all(o.intact == o.pages == chosen.pages for o in outcomes.values())
        assert all(o.blocks_after <= o.blocks_ideal for o in outcomes.values())
        assert f"{chosen.pages} of {chosen.pages}" in report.table([*outcomes.values()], 9)

    def test_a_pool_without_a_limit_fills_memory_where_pages_stay_as_they_are(self):
        chosen = plan(512, max_pool_percent=100, machines=("today",))
        with pytest.raises(MachineError, match=r"no memory for a page .* of 512 frames are free"):
            outcomes_of(chosen)

    def test_little_pressure_swaps_nothing(self):
        for outcome in outcomes_of(plan(1024, pressure=0.5)).values():
            assert (outcome.swapped, outcome.stored_pages) == (0, 0)

    def test_full_swap_is_said(self):
        with pytest.raises(MachineError, match="0 swap slots; end a process"):
            outcomes_of(plan(1024, swap_pages=50))


class TestChosenMachines:
    def test_allocator_and_profile_are_settings(self):
        chosen = plan(1024, zpool="z3fold", profile="6.1", machines=("unmovable", "movable"))
        outcomes = outcomes_of(chosen)
        assert list(outcomes) == ["z3fold unmovable", "z3fold movable"]
        assert all(o.intact == o.pages and o.allocator == "z3fold" for o in outcomes.values())
        assert outcomes["z3fold unmovable"].stored_pages > 0
        text = report.table([*outcomes.values()], 9)
        assert "held by unmovable pool pages" in text
        assert "Movable z3fold pages" in report.headline([*outcomes.values()], 9)
        assert report.thought_experiments([*outcomes.values()]) == ""

    def test_one_machine_is_enough(self):
        outcomes = outcomes_of(plan(1024, machines=("today",)))
        assert [o.allocator for o in outcomes.values()] == ["zsmalloc"]
        assert report.headline([*outcomes.values()], 5).startswith(
            f"Order-5 blocks after compaction, {TODAY}: "
        )

    def test_what_no_kernel_had_says_so(self):
        with pytest.raises(ConfigError, match="has no zsmalloc: it has zbud"):
            plan(1024, zpool="zsmalloc")
        forced = plan(1024, zpool="zsmalloc", thought_experiment=True, machines=("movable",))
        said = report.thought_experiments([*outcomes_of(forced).values()])
        assert said == (
            "zsmalloc movable: a thought experiment: zswap of 3.12-fixed has no zsmalloc\n"
        )

    def test_the_same_machine_is_not_compared_twice(self):
        today = {"zpool": "zsmalloc", "profile": todays_profile()}
        assert list(plan(1024, **today).variants) == [
            "without zswap",
            "zsmalloc unmovable",
            "zsmalloc movable",
        ]


class TestDamage:
    def filled(self, variant):
        chosen = plan(2048, exits=0.0)
        run = job.VariantRun(variant, chosen, CONTENT, lambda pages: None)
        run.fill()
        return run

    def verified(self, run):
        digests = [hashlib.sha256(page).digest() for page in CONTENT.pages]
        for process in run.processes:
            run.verify(process, digests)
        return run.outcome.intact

    @pytest.mark.parametrize("variant", [UNMOVABLE, MOVABLE])
    def test_a_flipped_byte_in_zbud_is_one_page_not_intact(self, variant):
        run = self.filled(variant)
        flip_stored_byte(run.machine)
        assert self.verified(run) == run.plan.pages - 1

    def test_a_flipped_byte_in_memory_is_one_page_not_intact(self):
        run = self.filled(MOVABLE)
        present = run.machine.state.ptes["state"] == layout.PTE_PRESENT
        run.machine.state.frames[run.machine.state.ptes["value"][present][0], 17] ^= 1
        assert self.verified(run) == run.plan.pages - 1

    def test_a_flipped_byte_on_the_device_is_one_page_not_intact(self):
        run = self.filled(WITHOUT)
        pages = run.machine.swap.device.pages
        slot = min(pages)
        pages[slot] = bytes([pages[slot][0] ^ 1]) + pages[slot][1:]
        assert self.verified(run) == run.plan.pages - 1

    def test_the_verdict_counts_them(self):
        damaged = [job.Outcome("a", pages=5, intact=5), job.Outcome("b", 5, intact=4)]
        assert report.verdict(damaged) == "9 of 10 pages intact"


def flip_stored_byte(machine):
    """Flip a byte of a compressed page that zswap holds for a living process."""
    state = machine.state
    swapped = state.ptes["value"][state.ptes["state"] == layout.PTE_SWAP]
    slot = next(int(s) for s in swapped if state.swap_slots["entry"][s])
    entry = state.zswap_entries[state.swap_slots["entry"][slot]]
    address = zbud.zbud_map(state.mem, SWAP_TYPE, int(entry["handle"])) << layout.CHUNK_SHIFT
    zbud.zbud_unmap(state.mem, SWAP_TYPE, int(entry["handle"]))
    middle = layout.ZSWAP_HEADER_SIZE + int(entry["length"]) // 2
    state.frames.reshape(-1)[address + middle] ^= 0x40


class TestPlan:
    @pytest.mark.parametrize(
        ("settings", "why"),
        [
            ({"scenario": "chaotic"}, "scattered or orderly, not 'chaotic'"),
            ({"pressure": 9.0}, "0.1 to 8, not 9"),
            ({"pressure": float("nan")}, "not nan"),
            ({"exits": -0.5}, "0 to 1, not -0.5"),
            ({"order": 11}, "0 to 10, not 11"),
        ],
    )
    def test_says_which_value_cannot_be(self, settings, why):
        with pytest.raises(ConfigError, match=why):
            plan(**settings)
