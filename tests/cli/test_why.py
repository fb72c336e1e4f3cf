"""The command `zbudlab why`."""

import io
import json
import sys
from pathlib import Path

import pytest

from zbudlab import host
from zbudlab.cli import command_line as cli

REPORTS = json.loads((Path(__file__).parents[1] / "data" / "reports" / "reports.json").read_text())


@pytest.fixture
def report(tmp_path):
    path = tmp_path / "log"
    path.write_text("\n".join(REPORTS[0]["text"]))
    return str(path)


def test_the_reason_is_printed(report, capsys):
    assert cli.main(["why", report, "--layouts", "0"]) == 0
    assert "Reason: the blocks that are large enough belong to CMA" in capsys.readouterr().out


def test_standard_input_json_and_a_picture(report, tmp_path, capsys, monkeypatch):
    text = Path(report).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    picture = tmp_path / "why.png"
    words = ["why", "-", "--layouts", "2", "--json", "--plot", str(picture)]
    assert cli.main(words) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["reason"] == "CMA only"
    assert len(answer["remedies"][0]["blocks"]) <= 2
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_recording_with_a_request(capsys):
    words = ["why", str(host.RECORDING), "--order", "3", "--gfp", "GFP_KERNEL", "--layouts", "0"]
    assert cli.main(words) == 0
    assert capsys.readouterr().out.startswith("request, Linux 6.18")
    assert cli.main([*words, "--node", "0"]) == 0
    assert cli.main([*words, "--node", "9"]) == 2
    assert "there is no node 9 here" in capsys.readouterr().err


def test_a_recording_is_searched_for_a_report(report, tmp_path, capsys):
    (tmp_path / "dmesg.txt").write_text(Path(report).read_text())
    (tmp_path / "proc").mkdir()
    assert cli.main(["why", str(tmp_path), "--layouts", "0"]) == 0
    found = capsys.readouterr()
    assert "Reason: the blocks that are large enough belong to CMA" in found.out
    assert "the kernel log is dmesg.txt" in found.err
    assert cli.main(["why", str(host.RECORDING)]) == 2
    assert "judge one of your choice with --order N" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--gfp", "GFP_KERNEL"], "--gfp has no effect without --order"),
        (["--node", "0"], "--node has no effect without --order"),
        (["--layouts", "-1"], "--layouts takes 0 to 1000, not -1"),
        (["--order", "99"], "order must be 0 to 63, not 99"),
    ],
)
def test_options_out_of_range_are_refused(report, capsys, words, why):
    assert cli.main(["why", report, *words]) == 2
    assert why in capsys.readouterr().err


def test_a_file_without_a_report_is_refused(tmp_path, capsys):
    (tmp_path / "log").write_bytes(b"\xff\x00hello")
    assert cli.main(["why", str(tmp_path / "log")]) == 2
    assert "this text reports no refused request" in capsys.readouterr().err
