"""The benchmarks compare what they say: C does the same, and a ratio above 1 means we are faster.

No time is tested here.
"""

import sys
from functools import partial

import numpy as np
import pytest

from benchmarks import drivers, figure, measure, reference, run
from benchmarks.item import ITEMS, KERNEL, Case, Setup, Step, load_items
from benchmarks.machines import machine
from zbudlab import layout
from zbudlab.mm.compaction import WHOLE_ZONE, compact_zone_order, rescan
from zbudlab.mm.inspection import arrays
from zbudlab.mm.zbud import zbud_alloc, zbud_free

FRAMES = 4096
LIVE = 900
TURNS = 3000

needs_c = pytest.mark.skipif(not reference.available(), reason="no C compiler here")


def bytes_of(state):
    return {name: array.tobytes() for name, array in arrays(state).items()}


def both(page_bytes):
    """Our machine, and its like with the C that works on it."""
    make = partial(machine, FRAMES, layout.ZBUD_SERIES, nodes=4000, page_bytes=page_bytes)
    ours = make()
    return ours, reference.Alike(make())


@needs_c
def test_c_alike_leaves_the_same_bytes_after_a_churn():
    ours, alike = both(page_bytes=True)
    draw = np.random.default_rng(5)
    slots = draw.integers(0, LIVE, TURNS).astype(np.int32)
    sizes = draw.integers(1, layout.ZBUD_MAX_SIZE + 1, TURNS).astype(np.int32)
    held, same = np.zeros(LIVE, np.int64), np.zeros(LIVE, np.int64)
    for slot, size in zip(slots, sizes.tolist(), strict=True):
        if held[slot]:
            zbud_free(ours.mem, 0, held[slot])
        held[slot] = zbud_alloc(ours.mem, 0, size, layout.MIGRATE_MOVABLE)
    alike.churn_series(same, slots, sizes, TURNS)
    assert held.tolist() == same.tolist()
    assert bytes_of(alike.state) == bytes_of(ours)
    total = drivers.migrate.py_func(ours.mem, held, slots)
    assert alike.migrate(same, slots, TURNS) == total
    assert bytes_of(alike.state) == bytes_of(ours)


@needs_c
def test_c_alike_leaves_the_same_bytes_after_compaction():
    ours, alike = both(page_bytes=False)
    order = np.random.default_rng(6).permutation(np.arange(1, FRAMES))
    held, same = np.zeros(LIVE, np.int64), np.zeros(LIVE, np.int64)
    pages = 2 * LIVE // 3
    drivers.scatter.py_func(ours.mem, held, order, pages)
    alike.scatter_metadata(same, order, len(order), pages)
    assert bytes_of(alike.state) == bytes_of(ours)
    moves, control = np.zeros(FRAMES, layout.migration), np.zeros(1, layout.compact_control)
    rescan(ours.mem)
    compact_zone_order(ours.mem, moves, control, WHOLE_ZONE, layout.MIGRATE_MOVABLE, 1)
    moved = control[0]["migrated"]
    assert moved > pages // 4
    assert alike.compact_metadata() == moved
    assert bytes_of(alike.state) == bytes_of(ours)


def fixed_times(monkeypatch, answers):
    """Let every call take as many nanoseconds as it answers, and answer the same."""
    monkeypatch.setattr(measure, "timed", lambda call, wall: (answers[call()], 7))


def test_a_ratio_is_their_time_over_ours(monkeypatch):
    fixed_times(monkeypatch, {"ours": 10, "c": 25})
    step = Step("thing", 5, lambda: "ours", {KERNEL: lambda: "c"}, must={KERNEL: 1.5})
    (found,) = measure.measure(Case(lambda: None, [step]), rounds=7)
    assert found["ns"]["median"] == 2
    side = found["sides"][KERNEL]
    assert (side["ratio"]["median"], side["ns"]["median"], side["must"]) == (2.5, 5, 1.5)
    assert found["rounds"] == 7
    (line,) = run.lines(found)
    assert line.split() == ["thing", "2.0", "C", "5.0", "2.50", "2.50", "2.50", "1.50"]


def test_sides_that_answer_differently_end_the_run():
    step = Step("thing", 1, lambda: 1, {KERNEL: lambda: 2})
    with pytest.raises(SystemExit, match=r"thing: the sides disagree: .*'ours': 1, 'C': 2"):
        measure.measure(Case(lambda: None, [step]), rounds=7)


def test_a_side_may_have_no_answer():
    step = Step("thing", 1, lambda: 1, {KERNEL: lambda: None})
    assert measure.measure(Case(lambda: None, [step]), rounds=7)


def test_without_a_compiler_our_figures_stand_alone(monkeypatch, capsys):
    monkeypatch.setattr(reference, "COMPILER", "no-such-compiler")
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--short", "--only", "radix-10k"])
    run.main()
    shown = capsys.readouterr()
    assert "no C compiler (no-such-compiler) here: our figures alone" in shown.err
    rows = shown.out.splitlines()[1:]
    assert len(rows) == 4
    assert all(KERNEL not in row.split() for row in rows)


def test_most_nanoseconds_stand_beside_ours(monkeypatch):
    fixed_times(monkeypatch, {"ours": 10})
    step = Step("thing", 5, lambda: "ours", most=(3.0, 1.0))
    (found,) = measure.measure(Case(lambda: None, [step], rounds=2), rounds=7)
    assert found["rounds"] == 2
    (line,) = run.lines(found)
    assert line.split() == ["thing", "2.0", "at", "most,", "ns", "2.0", "2.0", "2.0", "3.0", "1.0"]


@needs_c
@pytest.mark.parametrize("name", ["zswap", "threads", "scale-2^12", "peers-buddy", "replay"])
def test_what_is_compared_gives_the_same_answers(name):
    load_items()
    case = ITEMS[name](Setup(with_c=True, short=True))
    rows = measure.measure(case, rounds=1)
    assert len(rows) == len(case.steps) > 0


def test_the_figures_show_every_item(tmp_path):
    ratio = {"min": 0.9, "median": 1.0, "max": 1.1}
    side = {"ns": ratio, "ratio": ratio, "must": 0.9, "aim": None}
    rows = [
        {"item": f"2^{order} frames: init", "ns": ratio, "sides": {KERNEL: side}}
        for order in (12, 14)
    ]
    report = {"date": "2026-01-01", "machine": "some", "items": rows}
    figure.draw(report, tmp_path / "ratios.png")
    figure.draw_scale(report, tmp_path / "scale.png")
    assert (tmp_path / "ratios.png").stat().st_size > 5000
    assert (tmp_path / "scale.png").stat().st_size > 5000


def test_every_item_is_found():
    load_items()
    named = {"page-copy", "radix-10k", "radix-1m", "zbud-10k", "zbud-1m", "zbud-series", "buddy"}
    named |= {"zbud-migration", "compaction-2^18", "compaction-2^20", "zswap", "replay", "threads"}
    named |= {"peers-lookup", "peers-copy", "peers-buddy", "scale-2^12", "scale-2^24"}
    assert named <= set(ITEMS)
