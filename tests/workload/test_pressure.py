"""A machine under pressure: what a setting does to it, and that the seed decides the rest."""

import pytest

from zbudlab.machine.errors import ConfigError
from zbudlab.workload.pressure import COLUMNS, FREE, Pressure, UnderPressure, side_by_side

SMALL = 4096


def pressed(steps=40, **settings):
    lab = UnderPressure(Pressure.of(frames=SMALL, **settings))
    return lab, [lab.step() for _ in range(steps)]


def test_the_same_seed_gives_the_same_machine_and_another_another():
    labs = [pressed(30, seed=seed)[0] for seed in (3, 3, 4)]
    digests = [lab.machine.digest() for lab in labs]
    assert digests[0] == digests[1] != digests[2]
    assert labs[0].row == labs[1].row


def test_a_larger_working_set_fills_zswap():
    _, light = pressed(working_set=60)
    lab, heavy = pressed(working_set=180)
    assert light[-1]["stored"] == 0
    assert heavy[-1]["stored"] > 300
    assert heavy[-1]["from zswap"] + heavy[-1]["from swap"] > 0
    lab.machine.check()


def test_figures_say_what_the_machine_is_like():
    lab, rows = pressed()
    zone = lab.machine.state.zone
    row = rows[-1]
    assert set(row) == set(COLUMNS)
    assert sum(row[name] for name in FREE) == zone["nr_free_pages"]
    assert row["pool"] == lab.machine.state.pools["pages_nr"][0]
    assert row["density"] == row["stored"] / row["pool"]
    moved = sum(row["moved"] for row in rows)
    assert moved == lab.machine.paging.events["pgmigrate_success"]
    faults = sum(row["from zswap"] + row["from swap"] for row in rows)
    assert faults == lab.machine.paging.events["pgmajfault"]


def test_the_better_pages_compress_the_more_share_a_frame():
    kinds = ("hardly", "poorly", "as usual", "well")
    rows = [pressed(working_set=180, content=kind)[1][-1] for kind in kinds]
    for name in ("stored", "density"):
        assert [row[name] for row in rows] == sorted(row[name] for row in rows)
    assert rows[-1]["density"] > 1.3 * rows[0]["density"]


def test_the_kernel_takes_and_gives_back_its_share():
    lab, _ = pressed(unmovable=10)
    assert len(lab.kernel) == pytest.approx(SMALL // 10, abs=20)
    assert lab.change(Pressure(frames=SMALL, unmovable=0))
    lab.step()
    assert lab.kernel == []


def test_settings_change_while_it_runs_or_take_another_machine():
    lab, _ = pressed(working_set=180)
    assert lab.change(Pressure(frames=SMALL, working_set=60, max_pool_percent=4, movable=False))
    for _ in range(5):
        lab.step()
    assert len(lab.run.processes) == 12
    assert not lab.machine.state.zone["zpool_movable"]
    assert not lab.change(Pressure(frames=2 * SMALL))
    assert not lab.change(Pressure(frames=SMALL, seed=9))


def test_a_cma_area_is_asked_for():
    lab, _ = pressed(working_set=60, cma=25)
    assert lab.machine.cma_area == (3 * SMALL // 4, SMALL)
    assert lab.run.totals["cma_asked"] == 5
    assert lab.run.totals["cma_met"] > 0


def test_side_by_side_differ_in_one_thing():
    labs = side_by_side(Pressure(frames=SMALL))
    assert [lab.machine.config.movable for lab in labs.values()] == [False, True]
    assert len({lab.pressure.seed for lab in labs.values()}) == 1


@pytest.mark.parametrize("zpool", ["z3fold", "zsmalloc"])
def test_another_allocator_is_a_setting(zpool):
    lab, _ = pressed(20, profile="6.1", zpool=zpool)
    assert lab.machine.config.allocator == zpool
    assert lab.row["pool"] > 0
    lab.machine.check()
    assert not lab.change(Pressure(frames=SMALL, profile="6.1"))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"frames": 10}, "frames must be 1024 to 16777216, not 10"),
        ({"order": 11}, "order must be 0 to 10, not 11"),
        ({"working_set": "much"}, "working_set must be a whole number, not 'much'"),
        ({"content": "air"}, "content must be one of hardly, poorly, as usual, well, not 'air'"),
        ({"compressor": "zip"}, "compressor must be one of"),
        ({"movable": 1}, "movable must be True or False, not 1"),
        ({"zpool": "z3fold"}, "zswap of 3.12-fixed has no z3fold: it has zbud"),
        ({"profile": "2.6"}, "profile must be one of 3.12-fixed"),
        ({"presure": 1}, "unknown setting presure: use frames, working_set"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_a_sentence(settings, sentence):
    with pytest.raises(ConfigError, match=sentence.replace("(", r"\(")):
        Pressure.of(**settings)
