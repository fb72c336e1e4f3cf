"""A folder with an input and a trace."""

import pytest

from tests.cli.calls import TRACE
from zbudlab.conformance import answers
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
def compiled(tmp_path_factory):
    """Compile what TRACE needs in addition to the warm-up, so that no command says it compiles."""
    Machine(frames=64)
    trace = tmp_path_factory.mktemp("compiled") / "trace"
    trace.write_text(TRACE)
    assert list(answers("radix", trace))
