"""The command `zbudlab replay` with recorded traces and logs."""

import json

import pytest

from tests.traces.samples import DATA, PERF
from zbudlab.cli import command_line as cli
from zbudlab.machine import Machine


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("kmem.perf.txt.gz", "kmem"),
        ("kmem.trace-cmd.txt.zst", "kmem"),
        ("lackey.txt.gz", "lackey"),
        ("pages.csv", "pages"),
        ("blocks.parquet", "blocks"),
    ],
)
def test_the_command_tells_the_kind_and_writes_the_figures(tmp_path, capsys, name, kind):
    out = tmp_path / "out.json"
    words = ["replay", "auto", str(DATA / name), "--frames", "4096", "--json", str(out)]
    assert cli.main(words) == 0
    assert capsys.readouterr().out.startswith(f"{kind} trace ")
    made = json.loads(out.read_text())
    assert (made["kind"], made["frames"]) == (kind, 4096)
    assert made["samples"][-1]["free_pages"] < 4096


def test_a_machines_own_log_is_told_too(tmp_path, capsys):
    machine = Machine(frames=64)
    shell = machine.create_process(30)
    for page in range(30):
        machine.touch(shell, [page])
    path, out = str(tmp_path / "log.npz"), tmp_path / "out.json"
    machine.save_log(path)
    assert cli.main(["replay", "auto", path]) == 0
    said = capsys.readouterr().out
    assert said.startswith("31 operations, 0 differences; SHA-256")
    assert cli.main(["replay", "machine", path, "--every", "10", "--json", str(out)]) == 0
    shown = capsys.readouterr().out
    assert shown.endswith(said)
    samples = json.loads(out.read_text())["samples"]
    assert [sample["event"] for sample in samples] == [10, 20, 30, 31]
    assert [sample["free_pages"] for sample in samples] == [55, 45, 35, 34]
    assert cli.main(["replay", "machine", path, "--frames", "64"]) == 2


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (
            ["radix", str(PERF), "--frames", "64"],
            "--frames is for recorded traces and has no effect on radix",
        ),
        (["kmem", str(PERF), "--expect", str(PERF)], "leave --expect out"),
        (["kmem", str(PERF), "--zbud", "plain"], "zbud has no effect"),
        (["kmem", str(PERF), "--content", "text"], "content has no effect"),
        (["kmem", str(PERF), "--every", "0"], "every must be 1 event or more, not 0"),
        (["pages", str(DATA / "pages.csv"), "--every", "-5"], "1 event or more, not -5"),
        (["lackey", str(DATA / "lackey.txt.gz"), "--zbud", "red"], "zbud must be one of plain"),
        (["lackey", str(DATA / "lackey.txt.gz"), "--content", "red"], "unknown content 'red'"),
        (["auto", "-"], "standard input cannot be read twice"),
        (["kmem", str(PERF), "--json", "no/out"], "cannot write no/out"),
    ],
)
def test_options_that_would_do_nothing_are_refused(capsys, words, why):
    assert cli.main(["replay", *words]) == 2
    assert why in capsys.readouterr().err
