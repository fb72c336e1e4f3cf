"""The command: without a compiler, our figures alone."""

import sys

from benchmarks import reference, run
from benchmarks.item import KERNEL


def test_without_a_compiler_our_figures_are_alone(monkeypatch, capsys):
    monkeypatch.setattr(reference, "COMPILER", "no-such-compiler")
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--short", "--only", "radix-10k"])
    run.main()
    shown = capsys.readouterr()
    assert "no C compiler (no-such-compiler) here: our figures alone" in shown.err
    rows = shown.out.splitlines()[1:]
    assert len(rows) == 4
    assert all(KERNEL not in row.split() for row in rows)
