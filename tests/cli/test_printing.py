"""No escape sequence of a file reaches the terminal."""

import json

from tests.cli.calls import answer
from zbudlab.io.values import printable

ESCAPE = "\x1b]0;PWN\x07\x1b[31m\x9b2J\u202e"


def clean(*texts):
    """Whether texts have nothing that a terminal would interpret."""
    return all(c.isprintable() or c in "\n\t" for text in texts for c in text)


def test_control_characters_are_replaced():
    assert printable("a\x1b[2J\n\u200cb\ud800") == "a\ufffd[2J\ufffd\u200cb\ufffd"
    assert printable("a\n\tb\r", keep="\n\t") == "a\n\tb\ufffd"


def test_of_a_column_in_a_message(folder, capsys):
    (folder / "t.csv").write_text(f"{ESCAPE},b\n1,2\n")
    code, out, err = answer(capsys, "replay", "blocks", "t.csv")
    assert code == 2
    assert "PWN" in err
    assert clean(out, err)


def test_of_a_failed_point_of_a_sweep(folder, capsys):
    (folder / "escaping.py").write_text(f"def ex(a, seed):\n    raise OSError({ESCAPE!r})\n")
    (folder / "s.toml").write_text('experiment = "escaping:ex"\n[grid]\na = 1\n')
    code, out, err = answer(capsys, "sweep", "s.toml")
    assert code == 1
    assert "PWN" in out
    assert clean(out, err)


def test_of_a_cell_that_fails(folder, capsys):
    cell = {
        "cell_type": "code",
        "metadata": {},
        "outputs": [],
        "source": f"raise OSError({ESCAPE!r})",
    }
    notebook = {"cells": [cell], "metadata": {"zbudlab": {"exercise": "e04_zbud"}}}
    (folder / "x.ipynb").write_text(json.dumps(notebook))
    _, out, err = answer(capsys, "check", "x.ipynb")
    assert "PWN" in err
    assert clean(out, err)


def test_of_a_report_from_a_kernel(folder, capsys):
    lines = [
        f"{ESCAPE}sh: page allocation failure: order:9, mode:0xdc0(GFP_KERNEL), nodemask=(null)",
        "Node 0 Normal free:2000kB min:100kB low:125kB high:150kB present:65536kB managed:65536kB",
        "Node 0 Normal: 500*4kB (UM) 0*8kB 0*16kB 0*32kB 0*64kB 0*128kB 0*256kB 0*512kB 0*1024kB "
        "0*2048kB 0*4096kB = 2000kB",
    ]
    (folder / "report.txt").write_text("\n".join(lines))
    _, out, err = answer(capsys, "why", "report.txt")
    assert clean(out, err)
