"""Resuming never mixes two versions of an experiment, and says which file changed."""

import subprocess
import sys

import pytest

from tests.sweep.helpers import ROOT
from zbudlab.sweep import SweepError, sources, sweep, texts
from zbudlab.sweep.named import import_from

EXPERIMENT = """
from neighbour import FACTOR

LIMIT = 2


def ex(a, seed):
    import late

    if a >= LIMIT and late.STOP:
        raise KeyboardInterrupt
    return {"r": a * FACTOR}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A module with an experiment that is interrupted, and two modules that it imports."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "mine.py").write_text(EXPERIMENT)
    (tmp_path / "neighbour.py").write_text("FACTOR = 100\n")
    (tmp_path / "late.py").write_text("STOP = True\n")
    (tmp_path / "other.py").write_text("")
    (tmp_path / "input.txt").write_text("some")
    (tmp_path / "s.toml").write_text('experiment = "mine:ex"\n[grid]\na = [1, 2]\n')
    return tmp_path


def run(folder, **how):
    """Run the sweep of the folder as its files are now."""
    return sweep(import_from(folder, "mine:ex"), {"a": [1, 2]}, out=folder / "t.parquet", **how)


def interrupted(folder):
    with pytest.raises(KeyboardInterrupt):
        run(folder)


def change(folder, name, text):
    (folder / name).write_text(text)
    with pytest.raises(SweepError) as refused:
        run(folder, resume=True)
    return str(refused.value)


def test_a_constant_of_the_module_that_changed_is_noticed(folder):
    interrupted(folder)
    said = change(folder, "mine.py", EXPERIMENT.replace("LIMIT = 2", "LIMIT = 3"))
    assert "t.parquet.parts is from before mine.py changed: move it away" in said


def test_modules_next_to_it_are_part_of_it_wherever_it_imports_them(folder):
    interrupted(folder)
    assert "before neighbour.py changed" in change(folder, "neighbour.py", "FACTOR = 200\n")
    both = change(folder, "late.py", "STOP = False\n")
    assert "before mine.py" not in both
    assert "late.py and neighbour.py changed" in both


def test_other_files_of_the_folder_are_not(folder):
    interrupted(folder)
    (folder / "other.py").write_text("1")
    with pytest.raises(KeyboardInterrupt):  # it goes on, and is interrupted again
        run(folder, resume=True)


def test_a_finished_table_of_an_earlier_version_is_refused_too(folder):
    (folder / "late.py").write_text("STOP = False\n")
    assert run(folder)["r"].tolist() == [100, 200]
    assert run(folder, resume=True)["r"].tolist() == [100, 200]
    said = change(folder, "neighbour.py", "FACTOR = 1\n")
    assert "t.parquet is from before neighbour.py changed" in said


def test_files_that_the_grid_names_are_part_of_it(tmp_path):
    (tmp_path / "input.txt").write_text("some")
    grid = {"files": [{"first": [str(tmp_path / "input.txt")]}, "no\0file", "x" * 5000]}

    def ex(files, seed):
        return {"n": len(files)}

    sweep(ex, grid, out=tmp_path / "t.parquet")
    (tmp_path / "input.txt").write_text("other")
    with pytest.raises(SweepError, match=r"is from before .*input.txt changed"):
        sweep(ex, grid, out=tmp_path / "t.parquet", resume=True)


def test_a_package_counts_as_a_whole(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    package = tmp_path / "a_package_for_this_test"
    (package / "deep").mkdir(parents=True)
    for name in ("__init__", "experiment", "deep/__init__", "deep/far"):
        (package / f"{name}.py").write_text("def ex(a, seed):\n    return {'a': a}\n")
    found = import_from(tmp_path, "a_package_for_this_test.experiment:ex")
    names = [name for name in sources.digests(found, {}) if "a_package" in name]
    assert names == [
        f"a_package_for_this_test/{name}.py"
        for name in ("__init__", "deep/__init__", "deep/far", "experiment")
    ]


def test_the_engine_is_part_of_every_sweep_and_pictures_are_not():
    names = sources.digests(lambda seed: {}, {})
    expected = {"zbudlab/mm/zbud.py", "zbudlab/machine/machine.py", "zbudlab/layout/memory.py"}
    assert expected <= set(names)
    assert not [name for name in names if name.startswith("zbudlab/view/")]


def test_a_function_without_a_file_counts_by_its_text(monkeypatch):
    def ex(seed):
        return {}

    ex.__module__ = "__main__"
    monkeypatch.delattr(sys.modules["__main__"], "__file__", raising=False)
    before = sources.digests(ex, {})
    monkeypatch.setattr(texts.inspect, "getsource", lambda experiment: "other")
    assert sources.changes(before, sources.digests(ex, {})) == "the text of the experiment changed"


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({"a": "1"}, {"a": "1"}, ""),
        ({"a": "1"}, {"a": "2"}, "a changed"),
        ({"a": "1"}, {"b": "1"}, "a and b changed"),
        ({}, dict.fromkeys("abcde", "1"), "a, b, c and 2 other files changed"),
        (None, {}, "the experiment's files are unknown"),
    ],
)
def test_what_changed_in_words(before, now, said):
    assert sources.changes(before, now) == said


def test_the_command_uses_the_module_as_it_is_on_disk(folder):
    """Two runs of the command, with an edit between them."""
    (folder / "late.py").write_text("STOP = False\n")
    command = [sys.executable, "-m", "zbudlab", "sweep", str(folder / "s.toml"), "--resume"]
    first = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert first.returncode == 0, first.stderr
    (folder / "neighbour.py").write_text("FACTOR = 300\n")
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert again.returncode == 2
    assert "s.parquet is from before neighbour.py changed" in again.stderr


class TestFilesInToml:
    @pytest.fixture
    def workload(self, folder):
        (folder / "pages.bin").write_bytes(b"some")
        (folder / "texts").mkdir()
        (folder / "texts" / "one.txt").write_text("one")
        path = folder / "load.toml"
        path.write_text(
            '[a]\ncontent = {"file:pages.bin" = 1, "file:texts" = 2}\nother = "late.py"\n'
        )
        return path

    def digests(self, workload):
        return sources.digests(sources_experiment, {"workload": [str(workload)]})

    def test_they_are_part_of_what_results_depend_on(self, folder, workload):
        names = {"pages.bin", "texts", "late.py", "load.toml"}
        assert {str(folder / name) for name in names} <= set(self.digests(workload))

    @pytest.mark.parametrize("name", ["pages.bin", "texts/one.txt", "texts/new.txt"])
    def test_a_change_is_named(self, folder, workload, name):
        before = self.digests(workload)
        (folder / name).write_text("other")
        said = sources.changes(before, self.digests(workload))
        assert said == f"{folder / name.partition('/')[0]} changed"

    def test_ready_workloads_are_part_of_zbudlab(self, workload):
        assert "zbudlab/workload/scenarios/phone.toml" in self.digests(workload)

    @pytest.mark.parametrize("text", ["= = =", "a = " + "[" * 50_000])
    def test_a_toml_file_that_is_none_counts_as_a_file(self, folder, text):
        (folder / "odd.toml").write_text(text)
        assert str(folder / "odd.toml") in self.digests(folder / "odd.toml")


def sources_experiment(workload, seed):
    return {"r": 0}
