"""A folder with an input and a trace."""

import pytest

from tests.cli.calls import TRACE
from zbudlab.content import corpus
from zbudlab.machine import Machine


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty current folder, with `input` and `trace` in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "input").write_bytes(corpus.pages("mixed", 300).tobytes())
    (tmp_path / "trace").write_text(TRACE)
    return tmp_path


@pytest.fixture(autouse=True, scope="module")
def compiled():
    """Have something compiled, so that no command says that it is the first to run."""
    Machine(frames=64)
