"""`zbudlab sweep`: files, options and messages."""

import sys

import pandas as pd
import pytest

from zbudlab.cli import command_line as cli
from zbudlab.sweep import (
    read_table,
)


class TestFile:
    def test_a_folder_that_the_file_names_is_made(self, tmp_path):
        file = tmp_path / "s.toml"
        file.write_text(
            'experiment = "tests.sweep.samples:product"\nout = "out/new/t.parquet"\n'
            "[grid]\na = 1\nb = 2\n"
        )
        assert cli.main(["sweep", str(file)]) == 0
        assert len(read_table(tmp_path / "out/new/t.parquet")[0]) == 1
        assert cli.main(["sweep", str(file), "--out", str(tmp_path / "slip/t.parquet")]) == 2


class TestCommand:
    def write(self, folder, text):
        path = folder / "s.toml"
        path.write_text(text)
        return str(path)

    def test_it_writes_the_table_and_says_what_failed(self, tmp_path, capsys):
        path = self.write(
            tmp_path,
            'experiment = "tests.sweep.samples:product"\nseeds = 2\nout = "r.parquet"\n'
            "[grid]\na = [1, 3]\nb = 2\n",
        )
        assert cli.main(["sweep", path]) == 1  # a point failed
        said = capsys.readouterr().out
        assert "4 points" in said
        assert "1 of them failed, the first with: ValueError: no threes" in said
        assert len(pd.read_parquet(tmp_path / "r.parquet")) == 4

    def test_a_module_beside_the_file_is_found(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sys, "path", list(sys.path))
        (tmp_path / "mine_for_this_test.py").write_text("def mine(a, seed):\n    return {'x': a}\n")
        path = self.write(tmp_path, 'experiment = "mine_for_this_test:mine"\n[grid]\na = [1, 2]\n')
        assert cli.main(["sweep", path]) == 0
        assert pd.read_parquet(tmp_path / "s.parquet")["x"].tolist() == [1, 2]

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("experiment = 5\n[grid]\n", "it needs experiment"),
            ('experiment = "nowhere"\n[grid]\n', "no experiment 'zbudlab.experiments:nowhere'"),
            ('experiment = "no.module:f"\n[grid]\n', "no experiment 'no.module:f'"),
            ('experiment = "pressure"\nfrmaes = 3\n[grid]\n', "unknown frmaes"),
            ('experiment = "pressure"\nseeds = "x"\n[grid]\n', "seeds are a number"),
            ("not toml", "is not a TOML file"),
        ],
    )
    def test_files_that_are_refused(self, tmp_path, capsys, monkeypatch, text, reason):
        monkeypatch.setattr(sys, "path", list(sys.path))
        assert cli.main(["sweep", self.write(tmp_path, text)]) == 2
        assert reason in capsys.readouterr().err
        assert [path.name for path in tmp_path.iterdir()] == ["s.toml"]

    def test_no_scheduler_there(self, tmp_path, capsys, monkeypatch):
        pytest.importorskip("distributed")
        monkeypatch.setattr(sys, "path", list(sys.path))
        monkeypatch.setattr("zbudlab.cli.sweep.CONNECT_SECONDS", 0.5)
        path = self.write(
            tmp_path, 'experiment = "tests.sweep.samples:product"\n[grid]\na = 1\nb = 1\n'
        )
        assert cli.main(["sweep", path, "--dask", "tcp://127.0.0.1:1"]) == 2
        assert "cannot reach a Dask scheduler at tcp://127.0.0.1:1" in capsys.readouterr().err
