"""The command `zbudlab host`."""

import json
import re

import pytest

from tests.cli.calls import refusal
from tests.host.made_up import make_host, put
from zbudlab import host
from zbudlab.cli import command_line as cli
from zbudlab.host import report


@pytest.fixture
def root(tmp_path):
    return make_host(tmp_path)


def test_the_report_names_figures_and_what_is_missing(root, capsys):
    assert cli.main(["host", "--root", str(root)]) == 0
    said = capsys.readouterr().out
    assert "Linux 6.1.0" in said
    assert re.search(r"free blocks +10 +4 +3 +0 +2 +0 +1 +0 +1 +2 +4\n", said)
    assert "not available" not in said
    assert cli.main(["host", "--recording"]) == 0
    assert "zswap does not use zbud here" in capsys.readouterr().out


def test_json_and_picture(root, tmp_path, capsys):
    picture = tmp_path / "host.png"
    assert cli.main(["host", "--root", str(root), "--json", "--plot", str(picture)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["zones"][1]["unusable_index"][0] == 0
    assert told["zswap_counters"] == {"stored_pages": 55}
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_watching_tells_what_changed(root, capsys, monkeypatch):
    from zbudlab.cli import host as command

    def later(seconds):
        put(root, "proc/vmstat", "pgfault 1500\npswpout 7\n")

    monkeypatch.setattr(command.time, "sleep", later)
    assert cli.main(["host", "--root", str(root), "--watch", "0.5", "--times", "2"]) == 0
    said = capsys.readouterr().out
    assert said.count("Linux 6.1.0") == 2
    assert "per second, in the last 0.5 s: pgfault 1000, pswpout 0" in said
    assert cli.main(["host", "--root", str(root), "--watch", "0"]) == 2


def test_recording_by_the_command(root, tmp_path, capsys):
    words = ["host", "--root", str(root), "--record", str(tmp_path / "copy")]
    assert cli.main(words) == 0
    assert "10 files written" in capsys.readouterr().out
    assert report.report(host.read(tmp_path / "copy"))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--watch", "inf"], "--watch takes seconds above 0, at most 86400, not inf"),
        (["--watch", "nan"], "at most 86400, not nan"),
        (["--watch", "--json"], "--json has no effect with --watch"),
        (["--watch", "--plot", "x.png"], "--plot has no effect with --watch"),
        (["--record", "x", "--json"], "--json has no effect with --record"),
        (["--record", "x", "--watch"], "--watch has no effect with --record"),
        (["--times", "2"], "--times has no effect without --watch"),
        (["--watch", "--times", "0"], "--times takes 1 or more, not 0"),
        (["--root", "x", "--recording"], "--root and --recording name two hosts"),
    ],
)
def test_options_without_effect_are_refused(capsys, tmp_path, monkeypatch, words, why):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["host", *words]) == 2
    assert why in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_recording_is_what_is_copied(tmp_path, capsys):
    assert cli.main(["host", "--recording", "--record", str(tmp_path / "copy")]) == 0
    assert host.read(tmp_path / "copy").release == host.read(host.RECORDING).release


def test_a_place_for_the_picture_is_checked_first(folder, capsys):
    words = ("host", "--recording", "--plot", "no/x.png")
    assert "cannot write no/x.png: there is no folder" in refusal(capsys, folder, *words)
