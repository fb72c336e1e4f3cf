"""Parts on disk: nothing finished is lost, and nothing of another sweep is taken."""

import json
import os
import subprocess
import sys

import pandas as pd
import pytest

from tests.sweep import samples as experiments
from tests.sweep.helpers import GRID, ROOT, kept_keys, runs, stop_after
from zbudlab.cli import command_line as cli
from zbudlab.sweep import (
    SweepError,
    SweepInterrupted,
    chunks,
    design,
    parts,
    sweep,
)


class TestDisk:
    def grid(self, folder):
        return {"folder": str(folder), "number": range(6)}

    def test_a_full_disk_loses_nothing_that_was_written(self, tmp_path, monkeypatch):
        out = tmp_path / "t.parquet"
        real, written = parts.written_whole, []

        def full(path):
            written.append(path)
            if len(written) > 4:  # the header and three parts
                raise OSError(28, "No space left on device")
            return real(path)

        monkeypatch.setattr(parts, "written_whole", full)
        monkeypatch.setattr(chunks, "TARGET", 0)
        monkeypatch.setattr(chunks, "LEAST", 0)
        reason = "No space left on device.*3 of 6 points are done.*resume"
        with pytest.raises(SweepInterrupted, match=reason):
            sweep(experiments.noted, self.grid(tmp_path), out=out)
        monkeypatch.setattr(parts, "written_whole", real)
        before = runs(tmp_path)
        table = sweep(experiments.noted, self.grid(tmp_path), out=out, resume=True)
        assert table["double"].tolist() == [0, 2, 4, 6, 8, 10]
        after = runs(tmp_path)
        assert [after[f"{n}-0"] for n in range(3)] == [before[f"{n}-0"] for n in range(3)]
        assert [p for p in os.listdir(tmp_path) if p.startswith((".", "t.parquet."))] == []

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on files' sizes")
    def test_files_that_the_system_refuses_to_write_lose_nothing(self, tmp_path):
        """A limit on the size of files: the large part is cut off in the middle by the system."""
        file = tmp_path / "s.toml"
        file.write_text(
            'experiment = "tests.sweep.samples:sized"\nout = "s.parquet"\n'
            f"[grid]\nfolder = {json.dumps(str(tmp_path))}\nnumber = {list(range(6))}\n"
        )
        limited = (
            "import resource, signal, sys; from zbudlab import cli;"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000));"
            f"sys.exit(cli.main(['sweep', {str(file)!r}]))"
        )
        done = subprocess.run(
            [sys.executable, "-c", limited], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 2
        assert "File too large" in done.stderr.splitlines()[-1]
        kept, before = kept_keys(tmp_path), runs(tmp_path)
        assert 3 <= len(kept) < 6
        assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".")]
        assert cli.main(["sweep", str(file), "--resume"]) == 0
        table = pd.read_parquet(tmp_path / "s.parquet")
        assert [len(text) for text in table["text"]] == [1, 1, 1, 1, 1_000_000, 1]
        assert {n: runs(tmp_path)[f"{n}-0"] for n in range(3)} == {
            n: before[f"{n}-0"] for n in range(3)
        }

    def test_a_finished_sweep_is_not_run_again(self, tmp_path):
        first = sweep(experiments.noted, self.grid(tmp_path), out=tmp_path / "t.parquet")
        again = sweep(
            experiments.noted, self.grid(tmp_path), out=tmp_path / "t.parquet", resume=True
        )
        pd.testing.assert_frame_equal(first, again)
        assert set(runs(tmp_path).values()) == {1}

    def interrupted(self, folder, monkeypatch):
        """A sweep that stopped in the middle; its file."""
        out = folder / "t.parquet"
        monkeypatch.setattr(experiments.time, "sleep", stop_after(3))
        with pytest.raises(KeyboardInterrupt):
            sweep(experiments.noted, self.grid(folder), out=out)
        monkeypatch.undo()
        return out

    def test_a_damaged_part_is_run_again(self, tmp_path, monkeypatch):
        out = self.interrupted(tmp_path, monkeypatch)
        folder = tmp_path / "t.parquet.parts"
        some = [path for path in sorted(folder.iterdir()) if path.name != parts.HEADER]
        some[0].write_bytes(some[0].read_bytes()[:20])
        table = sweep(experiments.noted, self.grid(tmp_path), out=out, resume=True)
        assert table["double"].tolist() == [0, 2, 4, 6, 8, 10]
        assert max(runs(tmp_path).values()) == 2

    def test_it_is_not_begun_anew_over_results(self, tmp_path, monkeypatch):
        out = self.interrupted(tmp_path, monkeypatch)
        with pytest.raises(SweepError, match="exists: resume"):
            sweep(experiments.noted, self.grid(tmp_path), out=out)

    @pytest.mark.parametrize("finished", [False, True])
    def test_results_of_another_sweep_are_refused(self, tmp_path, monkeypatch, finished):
        out = self.interrupted(tmp_path, monkeypatch)
        if finished:
            sweep(experiments.noted, self.grid(tmp_path), out=out, resume=True)
        before = runs(tmp_path)
        other = self.grid(tmp_path) | {"number": range(7)}
        with pytest.raises(SweepError, match="is of a sweep with other grid: move it away"):
            sweep(experiments.noted, other, out=out, resume=True)
        with pytest.raises(SweepError, match="a sweep with other seeds"):
            sweep(experiments.noted, self.grid(tmp_path), seeds=2, out=out, resume=True)
        with pytest.raises(SweepError, match=r"the experiment tests\.sweep\.samples:noted"):
            sweep(experiments.deadly, self.grid(tmp_path), out=out, resume=True)
        monkeypatch.setattr(design, "__version__", "99.0")
        with pytest.raises(SweepError, match=r"was made by zbudlab \d.*, this is 99.0"):
            sweep(experiments.noted, self.grid(tmp_path), out=out, resume=True)
        assert runs(tmp_path) == before

    def test_a_file_of_something_else_is_refused(self, tmp_path):
        out = tmp_path / "t.parquet"
        pd.DataFrame({"a": [1]}).to_parquet(out)
        with pytest.raises(SweepError, match="is not the table of a sweep"):
            sweep(experiments.noted, self.grid(tmp_path), out=out, resume=True)
        out.write_text("no parquet at all")
        with pytest.raises(SweepError, match="is not the table of a sweep"):
            sweep(experiments.noted, self.grid(tmp_path), out=out, resume=True)

    def test_a_worker_with_another_version_is_refused(self, monkeypatch):
        monkeypatch.setattr("zbudlab.sweep.work.__version__", "0.0")
        with pytest.raises(SweepError, match=r"a worker has zbudlab 0\.0, this is"):
            sweep(experiments.product, GRID)


def stopped(folder, change=None):
    """Interrupt a sweep of two values and two seeds in its third point, then resume it.

    change: of the text of the one part file meanwhile. Return the results and the number of calls.
    """
    out, calls = folder / "t.parquet", []

    def stop(a, seed):
        calls.append(seed)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return {"r": seed}

    with pytest.raises(KeyboardInterrupt):
        sweep(stop, {"a": [1, 2]}, seeds=2, out=out)
    first = design.Design.of(stop, {"a": [1, 2]}, 2).keys[0]
    path = out.with_name("t.parquet.parts") / f"{first}.json"
    if change:
        path.write_text(change(path.read_text()))
    found = sweep(stop, {"a": [1, 2]}, seeds=2, out=out, resume=True)["r"].tolist()
    return found, len(calls)


def records_become(values):
    """A change of a part's records that leaves its checksum."""

    def change(text):
        part = json.loads(text)
        return json.dumps(part | {"records": dict.fromkeys(part["records"], values)})

    return change


class TestDamagedParts:
    """They count as missing: the points are run again, and the table is right."""

    def test_an_undamaged_part_is_kept(self, tmp_path):
        assert stopped(tmp_path) == ([0, 1, 0, 1], 6)

    @pytest.mark.parametrize(
        "change",
        [
            records_become(5),
            records_become({"foo": 1}),
            records_become({"result": {"r": 999}, "error": None, "seconds": 0.1}),
            lambda text: json.dumps(dict.fromkeys(json.loads(text), 5)),
            lambda text: "[]",
            lambda text: "5",
            lambda text: "",
            lambda text: "[" * 100_000,
            lambda text: text[:-9],
        ],
        ids=["number", "form", "altered", "all", "list", "five", "empty", "deep", "cut"],
    )
    def test_a_damaged_part_is_run_again(self, tmp_path, change):
        assert stopped(tmp_path, change) == ([0, 1, 0, 1], 7)

    def test_a_folder_named_like_a_part_is_passed_over(self, tmp_path):
        def change(text):
            (tmp_path / "t.parquet.parts" / "x.json").mkdir()
            return text

        assert stopped(tmp_path, change) == ([0, 1, 0, 1], 6)

    def test_a_damaged_header_is_refused(self, tmp_path, monkeypatch):
        folder = tmp_path / "t.parquet.parts"
        folder.mkdir()
        (folder / parts.HEADER).write_text("{")
        with pytest.raises(SweepError, match="does not belong to a sweep, or is damaged"):
            sweep(experiments.product, {"a": 1, "b": 1}, out=tmp_path / "t.parquet", resume=True)

    def test_a_sweep_killed_before_its_header_blocks_nothing(self, tmp_path):
        folder = tmp_path / "t.parquet.parts"
        folder.mkdir()
        (folder / "lock").write_text("123")
        (folder / ".sweep.json-abc.part").write_text("{")
        table = sweep(experiments.product, {"a": 1, "b": 1}, out=tmp_path / "t.parquet")
        assert table["x"].tolist() == [1]
