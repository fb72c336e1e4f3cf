"""Pages of a workload: recipes, mixtures, files and live processes."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tests.workload.small import small
from zbudlab.content import corpus, sources
from zbudlab.machine import Machine
from zbudlab.workload import (
    Phase,
    WorkloadError,
)
from zbudlab.workload.content import DISTINCT, content


class TestContent:
    def pages(self, named, folder=None):
        return content(named, 0, folder or os.curdir).pages

    def test_recipes_are_the_corpus(self):
        assert np.array_equal(self.pages("text"), corpus.pages("text", DISTINCT))

    def test_mixtures_have_their_shares_everywhere(self):
        pages = self.pages({"zero": 3, "random": 1})
        zero = ~pages.any(axis=1)
        assert zero.mean() == pytest.approx(0.75, abs=0.01)
        thirds = [part.mean() for part in np.array_split(zero, 16)]
        assert max(thirds) - min(thirds) < 0.1

    def test_files_and_folders(self, tmp_path):
        (tmp_path / "a").write_bytes(corpus.pages("text", 3).tobytes())
        pages = self.pages("file:a", tmp_path)
        assert np.array_equal(pages[:3], corpus.pages("text", 3))
        assert np.array_equal(pages[3:6], pages[:3])
        mixed = self.pages({"file:a": 1, "zero": 1}, tmp_path)
        assert (~mixed.any(axis=1)).mean() == pytest.approx(0.5, abs=0.01)
        with pytest.raises(sources.SourceError, match="cannot read"):
            self.pages("file:b", tmp_path)

    def test_unknown_ones(self):
        with pytest.raises(WorkloadError, match="unknown content 'x': use text, binary"):
            self.pages("x")
        with pytest.raises(WorkloadError, match="its weight must be a number above 0, not 0"):
            self.pages({"text": 0})


needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="no /proc here")


class TestLiveProcess:
    @needs_proc
    def test_memory_of_a_process_started_from_here(self):
        mark = corpus.page("random", 5)
        read = "import sys; held = sys.stdin.buffer.read(1 << 18); print(flush=True); input()"
        with subprocess.Popen(
            [sys.executable, "-c", read], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as child:
            child.stdin.write(mark * 64)
            child.stdin.flush()
            child.stdout.readline()
            try:
                found = sources.read_process(child.pid, 1 << 16)
            except sources.SourceError as error:
                pytest.skip(f"not even a process started from here: {error}")
            finally:
                child.kill()
        assert found.private
        assert mark in found.pages.tobytes()

    @needs_proc
    def test_evenly_spread_where_there_is_more(self):
        assert sources.read_process("self", 10).pages.shape == (10, 4096)

    def test_refusals_in_words(self, monkeypatch, tmp_path):
        monkeypatch.setattr(sources, "PROC", tmp_path)
        with pytest.raises(sources.SourceError, match="on Linux only"):
            sources.read_process(1, 10)
        for name in ("self", "7"):
            (tmp_path / name).mkdir()
        (tmp_path / "self" / "maps").touch()
        with pytest.raises(sources.SourceError, match="process 8: there is no such process"):
            sources.read_process(8, 10)

        def denied(*arguments, **named):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(sources, "_written_pages", denied)
        with pytest.raises(sources.SourceError, match=r"your own processes only.*ptrace_scope = 1"):
            sources.read_process(7, 10)

    @needs_proc
    def test_a_log_of_it_leaves_the_bytes_out_by_default(self, tmp_path):
        workload = small(Phase("a", 2, {"p": 1}), content="process:self")
        run = workload.run(Machine(frames=1024, threads=1))
        for _ in run:
            pass
        run.machine.save_log(tmp_path / "log.npz")
        with np.load(tmp_path / "log.npz") as file:
            assert len(file["pages"]) == 0
        run.machine.save_log(tmp_path / "whole.npz", content=True)
        with np.load(tmp_path / "whole.npz") as file:
            assert len(file["pages"]) > 0
