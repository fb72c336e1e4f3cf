"""Two source trees compared: steps are matched by name, ratios are after over before.

Also tests `benchmarks/side.py`, which runs in each tree. The trees here are small fakes whose
clock counts what each step costs, so that no time is tested.
"""

import argparse
import sys

import pytest

from benchmarks import against, run

ITEM = """
from dataclasses import dataclass, field
from collections.abc import Callable

@dataclass
class Setup:
    with_c: bool
    short: bool

@dataclass
class Step:
    name: str
    operations: int
    ours: Callable
    theirs: dict = field(default_factory=dict)
    wall: bool = False

@dataclass
class Case:
    prepare: Callable
    steps: list
    passes: int = 1

ITEMS = {}

def load_items():
    for name, steps in TREE.items():
        ITEMS[name] = lambda setup, steps=steps: Case(
            lambda: print("an item may print"),
            [Step(n, 10, lambda cost=cost: cost) for n, cost in steps.items()],
            passes=2,
        )
"""
MEASURE = "def timed(call, wall):\n    return call(), ANSWER\n"


def tree(folder, steps, answer=7):
    """A source tree whose items have these steps, each with its nanoseconds."""
    package = folder / "benchmarks"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "item.py").write_text(f"TREE = {steps!r}\n{ITEM}")
    (package / "measure.py").write_text(f"ANSWER = {answer}\n{MEASURE}")
    return folder


@pytest.fixture
def trees(tmp_path, monkeypatch):
    """Make a tree before and one after, and let `against` take the latter for its own."""

    def made(before, after, answer=7):
        monkeypatch.setattr(against, "HERE", tree(tmp_path / "after", after))
        return tree(tmp_path / "before", before, answer)

    return made


def rows_of(before, items, runs=2):
    return {
        row["step"]: row for row in against.compare(before, items, runs=runs, rounds=3, short=False)
    }


def test_a_ratio_is_the_time_after_over_the_time_before(trees):
    before = trees({"zbud": {"store": 100, "load": 30}}, {"zbud": {"store": 110, "load": 15}})
    rows = rows_of(before, ["zbud"])
    assert rows["store"]["ratio"] == pytest.approx(1.1)
    assert (rows["store"]["before"], rows["store"]["after"]) == (10, 11)
    assert rows["load"]["ratios"] == [0.5, 0.5]
    assert rows["load"]["same_answers"]


def test_steps_are_matched_by_name_and_others_left_out(trees):
    before = trees({"zbud": {"gone": 5, "store": 100}}, {"zbud": {"store": 100, "new": 5}})
    rows = rows_of(before, ["zbud"])
    assert list(rows) == ["store"]
    assert rows["store"]["ratio"] == 1


def test_trees_that_do_different_work_are_pointed_out(trees):
    before = trees({"zbud": {"store": 100}}, {"zbud": {"store": 100}}, answer=8)
    (row,) = rows_of(before, ["zbud"]).values()
    assert not row["same_answers"]
    assert against.line(row).endswith("other answers")


def test_the_command_prints_a_table_and_fails_for_a_slower_step(trees, capsys, monkeypatch):
    steps = {"zbud": {"store": 100, "load": 100}, "old": {"x": 1}}
    before = trees(steps, {"zbud": {"store": 106, "load": 104}})
    words = ["benchmarks", "--against", str(before), "--runs", "1", "--rounds", "1"]
    monkeypatch.setattr(sys, "argv", words)
    assert run.main() == 1
    shown = capsys.readouterr()
    table = [line.split() for line in shown.out.splitlines()]
    assert table[1] == ["store", "10.0", "10.6", "1.060", "1.060", "1.060", "slower"]
    assert table[2] == ["load", "10.0", "10.4", "1.040", "1.040", "1.040"]
    assert table[3][:3] == ["1", "of", "2"]
    assert "only in one of the trees: old" in shown.err


def test_an_item_that_fails_is_named_with_its_tree(trees):
    before = trees({"zbud": {"store": 100}}, {"zbud": {"store": 100}})
    with pytest.raises(SystemExit, match=r"nosuch failed in .*before"):
        rows_of(before, ["nosuch"])


def test_only_takes_several_items_and_refuses_others(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--only", "zbud-10k,zswap", "--only", "buddy"])
    assert run.arguments().only == ["zbud-10k", "zswap", "buddy"]
    with pytest.raises(argparse.ArgumentTypeError, match="unknown item 'zbud-5'"):
        run._items("buddy,zbud-5")
