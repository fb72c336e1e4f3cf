"""Call commands, in this process and in others."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from zbudlab.cli import command_line as cli

ROOT = Path(__file__).resolve().parents[2]
TRACE = "insert 1 11\nlookup 1\ndelete 1\n"


def listing(folder):
    return {path: path.stat().st_size for path in folder.rglob("*")}


def answer(capsys, *words):
    """Exit code and what was printed by a command."""
    capsys.readouterr()
    try:
        code = cli.main(list(words))
    except SystemExit as end:
        code = end.code
    out, err = capsys.readouterr()
    return code, out, err


def refusal(capsys, folder, *words):
    """The one sentence with which a command is refused; nothing was printed or written."""
    before = listing(folder)
    code, out, err = answer(capsys, *words)
    assert (code, out) == (2, "")
    assert listing(folder) == before
    assert err.startswith("zbudlab: ")
    assert err.count("\n") == 1
    return err.strip()


def command(*words, **more):
    """Run `zbudlab` in a separate process."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "zbudlab", *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


def heeding_interrupts():
    """A shell's background jobs ignore them, and so would what they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
