"""A running Linux 6.1, predicted: its indices, its pools with real compressors, its huge pages."""

import json
from pathlib import Path

import numpy as np
import pytest

from zbudlab.analysis import blockers, predict, recorded
from zbudlab.analysis.cma_table import cma_success
from zbudlab.content.compressors import available
from zbudlab.layout import MAX_ORDER
from zbudlab.machine import Machine, freelists
from zbudlab.machine.errors import ConfigError
from zbudlab.mm import snapshot, vmstat

DATA = Path(__file__).parent / "data"
FIXED, MOVABLE = predict.ZBUD
SEEDS = range(3)  # the script takes 20
RUNS = recorded.read_runs(DATA / "truth" / "frag_runs.jsonl.gz")
CLEAN = {run["run"]: run for run in RUNS if recorded.is_clean(run)}
PATTERNS = ["every2", "p250", "rand2", "rand4", "p900", "p990", "firsthalf"]
STAGES = [stage for run in RUNS for stage in run["stages"]]
HALF = recorded.read_half(DATA / "truth" / "half_runs.json.gz")


# --- what the kernel's files say -----------------------------------------------------------------


def off_by(stage, zone):
    return np.abs(recorded.indices(stage, zone) - recorded.recorded_indices(stage, zone))


def test_both_indices_of_all_stages_where_memory_stood_still():
    """328 of 496 stages. In four of them a page or so went between two reads: one thousandth."""
    still = [stage for stage in STAGES if recorded.stood_still(stage)]
    assert (len(STAGES), len(still)) == (496, 328)
    off = np.array([[off_by(stage, zone) for zone in recorded.ZONES] for stage in still])
    unequal = off.any(axis=(1, 2, 3))
    assert unequal.sum() == 4
    assert off.max() == 1
    asks = {still[i]["at"].split(" 512")[0] for i in np.flatnonzero(unequal)}
    assert asks == {"after asking for"}


def test_the_zone_that_nothing_touched_has_the_kernels_indices_at_every_stage():
    assert not any(off_by(stage, "DMA").any() for stage in STAGES)


@pytest.mark.parametrize("zone", recorded.ZONES)
@pytest.mark.parametrize("run", RUNS[::20], ids=lambda run: run["run"])
def test_files_of_proc_are_the_recorded_ones(run, zone):
    for stage in run["stages"]:
        state = recorded.zone_state(stage, zone)
        counts = recorded.counts(stage, zone)
        assert snapshot.first_fault(state) is None
        buddyinfo = vmstat.buddyinfo(state).split("Normal")[1].split()
        assert list(map(int, buddyinfo)) == counts.free.sum(axis=0).tolist()
        lines = vmstat.pagetypeinfo(state).splitlines()
        for name, migratetype in list(recorded.TYPES.items())[:3]:
            (line,) = [line for line in lines if f"type {name:>12} " in line]
            assert list(map(int, line.split()[-MAX_ORDER:])) == stage["free_by_type"][zone][name]
            blocks = int(lines[-1].split("Normal")[1].split()[migratetype])
            assert blocks == stage["pageblocks_by_type"][zone][name]


def test_files_of_debugfs_are_the_recorded_ones():
    stage = next(s for s in STAGES if s["at"] == "after freeing" and recorded.stood_still(s))
    files = vmstat.extfrag(recorded.zone_state(stage))
    for name in recorded.INDICES:
        shown = [float(number) for number in files[name].split("Normal")[1].split()]
        assert shown == stage[name][recorded.ZONE]


# --- real compressors ----------------------------------------------------------------------------


def pool_pages(name):
    if not available()[name]:
        pytest.skip(f"the library of {name} is not installed")
    sizes = json.loads((DATA / "half_pages.json").read_text())["x"]
    (run,) = (run for run in HALF["runs"] if run["compressor"] == name)
    trace = DATA / "golden" / "zswap-6.1" / f"{run['run']}.trace.gz"
    ours = recorded.half_lengths(name, sizes)
    found = recorded.pool_pages(trace, run, HALF["contents"], ours)
    return {phase: (kernel, pages) for phase, kernel, pages in found}


def test_pool_with_lz4_has_the_kernels_pages_at_the_end_of_each_phase():
    """The easy corpus, random then constant: text and binaries could not be checked."""
    found = pool_pages("lz4")
    assert list(found) == [1, 2, 3, 4, 5, 15]
    assert all(kernel == ours for kernel, ours in found.values())


newer = pytest.mark.xfail(
    strict=True, reason="the package's zstd is newer than the kernel's: other lengths"
)


@pytest.mark.parametrize(
    "phase", [1, pytest.param(2, marks=newer), 3, 4, 5, pytest.param(15, marks=newer)]
)
def test_pool_with_zstd_is_within_a_500th_of_the_kernels(phase):
    kernel, ours = pool_pages("zstd")[phase]
    assert abs(ours - kernel) <= 0.002 * kernel


# --- zones with given counts ---------------------------------------------------------------------


def rng(seed):
    return np.random.Generator(np.random.PCG64(seed))


def first_counts(name="anon-every2"):
    return recorded.counts(CLEAN[name]["stages"][0])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_layout_has_the_counts_and_every_block_in_a_pageblock_of_its_type(seed):
    counts = first_counts()
    layout = freelists.draw_layout(counts, rng(seed))
    assert (layout.pageblocks[layout.starts >> counts.pageblock_order] == layout.types).all()
    state = predict.boot(layout)
    assert snapshot.first_fault(state) is None
    assert np.array_equal(vmstat.free_counts(state), counts.free)
    assert vmstat.pageblock_counts(state) == counts.pageblocks.tolist()


@pytest.mark.parametrize("kind", predict.KINDS)
def test_more_pages_than_memory_are_refused_in_a_sentence(kind):
    experiment = predict.Experiment(first_counts(), 50000, 100, "rand2")
    with pytest.raises(freelists.Unplaceable, match="memory is full"):
        predict.predict_one(experiment, kind, 0)


# --- huge pages ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def predicted():
    """By pattern and kind: the recorded run and the predictions."""
    found = {}
    for pattern in PATTERNS:
        for kind in predict.KINDS:
            run = CLEAN[f"{'anon' if kind == predict.PLAIN else 'zbud'}-{pattern}"]
            found[pattern, kind] = run, predict.predict(recorded.experiment(run), kind, SEEDS)
    return found


def first_ask(predictions):
    return predict.spread([prediction.first_ask for prediction in predictions])[0]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_plain_memory_gives_the_huge_pages_that_the_kernel_got(predicted, pattern):
    run, predictions = predicted[pattern, predict.PLAIN]
    kernel, _ = recorded.huge_pages(run)
    assert abs(first_ask(predictions) - kernel) <= max(0.1 * kernel, 4)


slabs = pytest.mark.xfail(
    strict=True,
    reason="6.1 gives empty slabs back (mm/slub.c: discard_slab); the parameters, which were "
    "fixed before the comparison, keep all slabs of zswap's entries",
)


@pytest.mark.parametrize("pattern", [*PATTERNS[:-1], pytest.param("firsthalf", marks=slabs)])
def test_zbud_that_cannot_move_leaves_what_the_kernel_got(predicted, pattern):
    run, predictions = predicted[pattern, FIXED]
    kernel, _ = recorded.huge_pages(run)
    assert abs(first_ask(predictions) - kernel) <= 4


@pytest.mark.parametrize("kind", [predict.PLAIN, FIXED])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_pageblocks_change_their_type_as_in_the_kernel(predicted, pattern, kind):
    run, predictions = predicted[pattern, kind]
    kernel = recorded.movable_pageblocks(run)
    for prediction in predictions:
        assert abs(prediction.movable_pageblocks - kernel) <= 0.1 * kernel


@pytest.mark.parametrize("pattern", PATTERNS)
def test_zbud_that_moves_gives_about_what_plain_memory_gives(predicted, pattern):
    plain = first_ask(predicted[pattern, predict.PLAIN][1])
    moving = first_ask(predicted[pattern, MOVABLE][1])
    fixed = first_ask(predicted[pattern, FIXED][1])
    assert fixed < moving
    assert moving == pytest.approx(plain, abs=4)


def test_a_prediction_repeats(predicted):
    run, predictions = predicted["rand2", MOVABLE]
    assert predict.predict_one(recorded.experiment(run), MOVABLE, SEEDS[-1]) == predictions[-1]


# --- why not all ---------------------------------------------------------------------------------


def machine(**settings):
    return Machine(frames=4096, page_bytes=False, log=False, zswap=False, **settings)


def found(state):
    counts = blockers.count(state, 9)
    assert sum(counts.values()) == 8
    return {reason: count for reason, count in counts.items() if count}


def test_one_page_of_the_kernel_costs_a_block():
    small = machine()
    assert found(small.state) == {"free": 8}
    small.alloc_pages(0)
    assert found(small.state) == {"free": 7, "kernel": 1}


@pytest.mark.parametrize(("zbud", "reason"), [("plain", "unmovable zbud"), ("series", "occupied")])
def test_a_zbud_page_stands_in_the_way_or_has_to_be_somewhere(zbud, reason):
    small = machine(zbud=zbud)
    small.zbud_alloc(2500)
    assert found(small.state) == {"free": 7, reason: 1}


def test_kernel_pages_among_zbud_pages_are_told_apart():
    small = machine(zbud="plain")
    small.zbud_alloc(2500)
    small.alloc_pages(0)
    assert found(small.state) == {"free": 7, "kernel and zbud": 1}


def test_a_mapped_object_and_a_pinned_page_are_pins():
    small = machine()
    small.zbud_map(small.zbud_alloc(2500))
    assert found(small.state) == {"free": 7, "pinned": 1}
    other = machine()
    shell = other.create_process(1)
    other.touch(shell, [0])
    assert found(other.state) == {"free": 7, "occupied": 1}
    other.pin(int(other.state.ptes["value"][0]))
    assert found(other.state) == {"free": 7, "pinned": 1}


def scattered():
    """A machine whose every second page is free; it could have 4 of 8 blocks."""
    small = machine(min_free=0)
    one, two = small.create_process(2048), small.create_process(2048)
    for page in range(2040):
        small.touch(one, [page])
        small.touch(two, [page])
    small.exit(one)
    return small


def test_scattered_pages_occupy_half_the_blocks_and_the_rest_could_be_emptied():
    small = scattered()
    assert found(small.state) == {"occupied": 4, "scanners met": 4}
    small.compact()
    counts = blockers.count(small.state, 9)
    assert counts["free"] >= 3
    assert counts["occupied"] == 4


def test_hints_and_watermark_are_named():
    small = scattered()
    small.state.blocks["skip"] = 1
    assert found(small.state) == {"occupied": 4, "hints": 4}
    small.state.zone["watermark"] = 4096
    assert found(small.state) == {"occupied": 4, "watermark": 4}


def test_what_stands_in_the_way_in_a_sentence():
    counts = dict.fromkeys(blockers.REASONS, 0) | {"free": 5, "pinned": 2, "hints": 1}
    said = blockers.sentence(counts)
    assert said == "5 of 8 blocks are free; in the way: 2 pinned, 1 hints"
    assert blockers.sentence({"free": 8}) == "8 of 8 blocks are free; nothing is in the way"


# --- CMA -----------------------------------------------------------------------------------------


def cma(**settings):
    rows = cma_success(frames=4096, cma_pages=2048, seeds=range(2), **settings)
    return {(row["level"], row["zbud"]): row for row in rows}


def test_an_area_is_given_as_long_as_there_is_room_elsewhere():
    rows = cma(levels=(0.3, 0.99))
    for zbud in ("plain", "series"):
        assert rows[0.3, zbud]["rate"] == 1
        assert rows[0.3, zbud]["moved"] == 0
    crowded = rows[0.99, "series"]
    assert (crowded["met"], crowded["busy"], crowded["no_memory"]) == (0, 0, 4)


def test_only_with_the_series_zbud_pages_live_in_the_area():
    rows = cma(levels=(0.7,))
    without, with_series = rows[0.7, "plain"], rows[0.7, "series"]
    assert without["zbud_in_cma"] == 0 < with_series["zbud_in_cma"]
    assert without["zbud_pages"] < with_series["zbud_pages"]
    assert without["rate"] == with_series["rate"] == 1


def test_a_mapped_object_makes_a_request_fail():
    row = cma(levels=(0.7,), mapped=1.0)[0.7, "series"]
    assert (row["met"], row["busy"]) == (0, 4)


def test_tables_that_make_no_sense_are_refused():
    with pytest.raises(ConfigError, match="must be shares"):
        cma_success(levels=(1.5,))
    with pytest.raises(ConfigError, match="nothing to ask for"):
        cma_success(cma_pages=0)
