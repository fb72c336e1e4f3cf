"""`zbudlab run`: tables and files, and one sentence for each mistake.

Also tests `cli/machine_options.py`.
"""

import json
import os
import re
import sys
from collections import namedtuple

import numpy as np
import psutil
import pytest

from tests.cli.calls import answer, command, refusal
from zbudlab import layout
from zbudlab.analysis import ownership
from zbudlab.cli import main
from zbudlab.content import corpus, sources
from zbudlab.machine import Machine
from zbudlab.mainjob.job import VARIANTS

COMPILING = r"(compiling the engine, .*\n)?"  # where it was not yet


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One main job with all outputs: what it printed, and the folder with its files."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "input").write_bytes(corpus.pages("mixed", 3000).tobytes())
    words = ["run", "input", "--frames", "8192", "--json", "out.json", "--plot", "out.png"]
    job = command(*words, cwd=folder)
    out, err = job.communicate()
    assert job.returncode == 0, err
    return out, err, folder


class TestRun:
    def test_prints_the_input_the_table_and_the_verdict(self, run):
        out, err, _ = run
        first, *_, last = out.splitlines()
        assert re.fullmatch(r"input: 1 files?, 3000 pages, SHA-256 [0-9a-f]{64}", first)
        assert last == "46080 of 46080 pages intact"
        assert all(name in out for name in VARIANTS)
        assert re.search(r"Movable zbud pages: \d+ -> \d+ order-9 blocks after compaction", out)
        assert re.fullmatch(COMPILING, err)

    def test_writes_the_figures_of_the_table(self, run):
        out, _, folder = run
        written = json.loads((folder / "out.json").read_text("utf-8"))
        assert [outcome["variant"] for outcome in written["outcomes"]] == list(VARIANTS)
        for row, name in (
            ("  order-9 blocks after compaction", "blocks_after"),
            ("  free pages", "free_pages"),
            ("  pages moved", "pages_moved"),
        ):
            (line,) = [line for line in out.splitlines() if line.startswith(row + "  ")]
            assert line.split()[-4:] == [str(o[name]) for o in written["outcomes"]]
        assert written["input"]["pages"] == 3000
        assert written["plan"]["config"]["frames"] == 8192

    def test_draws_a_picture(self, run):
        _, _, folder = run
        assert (folder / "out.png").read_bytes().startswith(b"\x89PNG")
        assert sorted(path.name for path in folder.iterdir()) == ["input", "out.json", "out.png"]

    def test_gives_the_same_figures_again(self, folder, capsys):
        written = []
        for name in ("one", "two"):
            answer(capsys, "run", "input", "--frames", "1024", "--seed", "3", "--json", name)
            values = json.loads((folder / name).read_text("utf-8"))
            for outcome in values["outcomes"]:
                del outcome["seconds"]
            written.append(values)
        assert written[0] == written[1]

    @pytest.mark.parametrize("name", ["picture.svg", "picture", "Picture.PDF"])
    def test_draws_other_kinds_of_pictures(self, folder, capsys, name):
        code, _, err = answer(capsys, "run", "input", "--frames", "64", "--plot", name)
        assert code == 0
        assert re.fullmatch(COMPILING, err)
        assert (folder / name).stat().st_size > 1000

    def test_a_lost_page_is_an_exit_code(self, folder, capsys, monkeypatch):
        peek, flipped = Machine.peek_pages, []

        def peek_damaged(machine, process, pages):
            content, whole = peek(machine, process, pages)
            if not flipped:
                flipped.append(process)
                content[0, 0] ^= 1
            return content, whole

        monkeypatch.setattr(Machine, "peek_pages", peek_damaged)
        code, out, _ = answer(capsys, "run", "input", "--frames", "64", "--order", "3")
        pages = 4 * 90
        assert code == 1
        assert out.endswith(f"{pages - 1} of {pages} pages intact\n")


class TestBadInput:
    @pytest.mark.parametrize(
        ("words", "why"),
        [
            (["nothing"], "cannot read nothing: No such file"),
            (["empty"], "cannot use empty: it is empty"),
            (["folder"], "cannot use folder: there is no file in it"),
            (["input", "nothing"], "cannot read nothing: No such file"),
            (["input", "--frames", "63"], "frames must be 64 to 16777216, not 63"),
            (["input", "--frames", "-5"], "not -5"),
            (["input", "--max-pool-percent", "101"], "max_pool_percent must be 0 to 100, not 101"),
            (["input", "--max-pool-percent", "-1"], "not -1"),
            (["input", "--pressure", "0"], "pressure must be 0.1 to 8, not 0"),
            (["input", "--exits", "1.5"], "exits must be 0 to 1, not 1.5"),
            (["input", "--order", "11"], "order must be 0 to 10, not 11"),
            (["input", "--cma-pages", "100"], "whole blocks of 1024 pages"),
            (["input", "--seed", "-1"], "seed must be"),
            (["input", "--threads", "0"], "threads must be 1 to 1024, not 0"),
            (["input", "--compressor", "rar"], "no compressor 'rar'; there are lz4"),
            (["input", "--profile", "2.6"], "profile must be one of 3.12-fixed"),
            (["input", "--zpool", "z4fold"], "zpool must be one of zbud, z3fold, zsmalloc, not"),
            (["input", "--zpool", "z3fold"], "zswap of 3.12-fixed has no z3fold: it has zbud."),
            (["input", "--machines", "movable,first"], "none, unmovable, movable, today, not 'f"),
            (["input", "--machines", ""], "machines must be some of none"),
            (["input", "--scenario", "chaotic"], "scenario must be scattered or orderly"),
            (["input", "--json", "no/out"], "cannot write no/out: there is no folder"),
            (["input", "--json", "folder"], "cannot write folder: it is a folder"),
            (["input", "--json", ""], "cannot write"),
            (["input", "--plot", "no/out.png"], "cannot write no/out.png"),
            (["input", "--plot", "out.xyz"], "cannot draw out.xyz: the name must end in"),
        ],
        ids=" ".join,
    )
    def test_of_run_is_refused(self, folder, capsys, words, why):
        (folder / "empty").touch()
        (folder / "folder").mkdir()
        assert why in refusal(capsys, folder, "run", *words)

    def test_no_work_is_done_for_an_output_that_cannot_be(self, folder, capsys, monkeypatch):
        def never(*_arguments):
            raise AssertionError("the input was read")

        monkeypatch.setattr(sources, "read_content", never)
        refusal(capsys, folder, "run", "input", "--json", "no/out")
        refusal(capsys, folder, "run", "input", "--plot", "out.xyz")

    def test_a_device_is_refused(self, folder, capsys):
        if not os.path.exists("/dev/zero"):
            pytest.skip("no devices that are paths here")
        for words in (["run"], ["replay", "radix"], ["replay", "radix", "trace", "--expect"]):
            assert "it is a device" in refusal(capsys, folder, *words, "/dev/zero")

    def test_what_cannot_be_read_is_refused(self, folder, capsys, monkeypatch):
        def refuse(path, *_rest):
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(sources, "open", refuse, raising=False)
        for words in (["run", "input"], ["replay", "radix", "trace"]):
            assert f"cannot read {words[-1]}: Permission denied" in refusal(capsys, folder, *words)

    def test_a_machine_too_large_says_what_it_needs(self, folder, capsys, monkeypatch):
        memory = namedtuple("memory", "available")
        monkeypatch.setattr(psutil, "virtual_memory", lambda: memory(1 << 30))
        said = refusal(capsys, folder, "run", "input", "--frames", "1000000")
        assert re.search(r"1000000 frames needs \d.* GiB.*has 1.0 GiB free: ask for fewer", said)

    def test_memory_that_runs_out_is_reported(self, folder, capsys, monkeypatch):
        def too_much(*_arguments):
            return np.empty(1 << 60, np.uint8)

        monkeypatch.setattr(sources, "read_content", too_much)
        assert "too little memory" in refusal(capsys, folder, "run", "input", "--frames", "64")

    def test_an_absent_library_is_named(self, folder, capsys, monkeypatch):
        monkeypatch.setitem(sys.modules, "lzo", None)
        said = refusal(capsys, folder, "run", "input", "--compressor", "lzo")
        assert "python-lzo" in said

    def test_words_instead_of_numbers_are_refused(self, capsys):
        code, _, err = answer(capsys, "run", "--frames", "many")
        assert code == 2
        assert err.splitlines()[-1] == (
            "zbudlab run: error: argument --frames: invalid int value: 'many'"
        )

    def test_in_a_process_of_its_own_there_is_no_traceback(self, folder):
        for words in (["run", "nothing"], ["replay", "radix", "nothing"], ["replay", "x", "trace"]):
            job = command(*words, cwd=folder)
            out, err = job.communicate()
            assert (job.returncode, out, err.count("\n")) == (2, "", 1)
            assert "Traceback" not in err


class TestWithoutPageBytes:
    def test_says_that_bytes_are_not_simulated_and_what_is_proved(self, capsys):
        assert main(["run", "--metadata-only", "--frames", "4096", "--order", "5"]) == 0
        out = capsys.readouterr().out
        assert "2048 mixed pages as lz4 of Linux 6.1 compressed them" in out
        assert "owners and handles of 23040 of 23040 pages proved" in out
        assert "pages intact" in out
        assert "intact 5760" not in out
        assert "host memory" in out

    def test_with_a_page_astray_it_fails(self, capsys, monkeypatch):
        prove = ownership.prove

        def astray(state, process):
            state.ptes["state"][7] = layout.PTE_NONE
            return prove(state, process)

        monkeypatch.setattr(ownership, "prove", astray)
        monkeypatch.setattr("zbudlab.machine.Machine.check", lambda machine: None)
        assert main(["run", "--metadata-only", "--frames", "1024", "--exits", "0"]) == 1
        out = capsys.readouterr().out
        assert "pages proved\nwithout zswap: page 7 of process 0 is nowhere" in out

    @pytest.mark.parametrize(
        ("options", "why"),
        [
            (["--lengths", "text"], "needs --metadata-only"),
            (["--metadata-only", "--lengths", "text", "README.md"], "not both"),
            (["--metadata-only", "--compressor", "deflate"], "recorded for deflate, only for lz4"),
            (["--metadata-only", "--lengths", "nowhere"], "cannot use nowhere: No such file"),
        ],
    )
    def test_says_what_cannot_be(self, capsys, options, why):
        assert main(["run", "--frames", "1024", *options]) == 2
        assert why in capsys.readouterr().err
