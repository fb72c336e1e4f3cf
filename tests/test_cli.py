"""The command line as its user meets it: tables and files, and one sentence for each mistake."""

import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import numpy as np
import psutil
import pytest

from zbudlab.cli import command_line as cli
from zbudlab.conformance import KINDS
from zbudlab.content import corpus, sources
from zbudlab.machine import Machine
from zbudlab.mainjob.job import SCENARIOS, VARIANTS

ROOT = Path(__file__).resolve().parent.parent
TRACE = "insert 1 11\nlookup 1\ndelete 1\n"


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
    """A `zbudlab` process of its own."""
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
        assert last == "34560 of 34560 pages intact"
        assert all(name in out for name in VARIANTS)
        assert re.search(r"Movable zbud pages: \d+ -> \d+ order-9 blocks after compaction", out)
        assert re.fullmatch(r"(compiling the engine, .*\n)?", err)  # where it was not yet

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
            assert line.split()[-3:] == [str(o[name]) for o in written["outcomes"]]
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
        assert (code, err) == (0, "")
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
        pages = 3 * 90
        assert code == 1
        assert out.endswith(f"{pages - 1} of {pages} pages intact\n")


class TestHelp:
    def test_of_run_names_every_choice(self, capsys):
        code, out, _ = answer(capsys, "run", "--help")
        assert code == 0
        for name in (*SCENARIOS, "lz4", "zstd", "lzo", "deflate", "none", "3.12-fixed", "6.1"):
            assert name in out

    def test_of_replay_names_every_kind(self, capsys):
        out = re.sub(r"\s+", " ", answer(capsys, "replay", "--help")[1])
        assert all(kind in out for kind in KINDS)

    def test_no_command_and_an_unknown_one_are_explained(self, capsys):
        for words in ([], ["fly"]):
            code, _, err = answer(capsys, *words)
            assert code == 2
            assert "COMMAND" in err


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
            (["input", "--scenario", "chaotic"], "scenario must be scattered or orderly"),
            (["input", "--json", "no/out"], "cannot write no/out: there is no folder"),
            (["input", "--json", "folder"], "cannot write folder: it is a folder"),
            (["input", "--json", ""], "cannot write"),
            (["input", "--plot", "no/out.png"], "cannot write no/out.png"),
            (["input", "--plot", "out.xyz"], "cannot draw out.xyz: the name must end in"),
        ],
        ids=" ".join,
    )
    def test_of_run_is_told(self, folder, capsys, words, why):
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

    def test_memory_that_runs_out_is_told(self, folder, capsys, monkeypatch):
        def too_much(*_arguments):
            return np.empty(1 << 60, np.uint8)

        monkeypatch.setattr(sources, "read_content", too_much)
        assert "too little memory" in refusal(capsys, folder, "run", "input", "--frames", "64")

    def test_an_absent_library_is_named(self, folder, capsys, monkeypatch):
        monkeypatch.setitem(sys.modules, "lzo", None)
        said = refusal(capsys, folder, "run", "input", "--compressor", "lzo")
        assert "python-lzo" in said

    def test_words_where_numbers_belong_are_told(self, capsys):
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


class TestReplay:
    @pytest.fixture
    def expected(self, folder, capsys):
        (folder / "expected").write_text(answer(capsys, "replay", "radix", "trace")[1])
        return folder / "expected"

    def test_answers_a_line_for_each_operation(self, folder, capsys):
        code, out, err = answer(capsys, "replay", "radix", "trace")
        assert (code, err) == (0, "")
        assert [json.loads(line)["op"] for line in out.splitlines()[:3]] == TRACE.splitlines()

    def test_says_that_nothing_differs(self, expected, capsys):
        code, out, _ = answer(capsys, "replay", "radix", "trace", "--expect", str(expected))
        assert (code, out) == (0, "3 operations, 0 differences\n")

    def test_shows_the_first_difference(self, expected, capsys):
        lines = expected.read_text().splitlines()
        other = json.loads(lines[1]) | {"rc": 77}
        expected.write_text("\n".join([lines[0], json.dumps(other), *lines[2:]]))
        code, out, _ = answer(capsys, "replay", "radix", "trace", "--expect", str(expected))
        assert code == 1
        assert "expected, line 2: lookup 1" in out
        assert "1 operations agree" in out

    def test_reads_gzip_and_standard_input(self, folder, capsys, expected, monkeypatch):
        packed = gzip.compress(TRACE.encode())
        (folder / "packed").write_bytes(packed)
        for name, given in (("packed", b""), ("-", TRACE.encode()), ("-", packed)):
            stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(given)))
            monkeypatch.setattr(sys, "stdin", stdin)
            code, out, err = answer(capsys, "replay", "radix", name)
            assert (code, out, err) == (0, expected.read_text(), "")

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"insert 1 11\ninsert 2\n", "trace, line 2: insert takes 2 numbers, here are 1"),
            (b"insert 1 x\n", "trace, line 1: a whole number is wanted"),
            (b"insert 1 11\n\nexplode 3\n", "trace, line 3"),
            (b"insert 1 11\n\x00\x01\x02\n", "trace, line 2: not a line of a trace"),
            (b"insert 1 11\n\xff\xfe\n", "trace, line 2: not text"),
            (gzip.compress(TRACE.encode() * 99)[:-20], "trace, line"),
            (gzip.compress(os.urandom(9000)), "trace, line 1"),
            (b"\x1f\x8bnonsense", "trace, line 1: cut off or damaged"),
            (b"", "cannot use trace: it is empty"),
        ],
        ids=["short", "no number", "unknown", "binary", "not text", "cut gz", "binary gz",
             "no gz", "empty"],
    )  # fmt: skip
    def test_a_bad_line_is_named(self, folder, capsys, content, why):
        (folder / "trace").write_bytes(content)
        before = listing(folder)
        code, _, err = answer(capsys, "replay", "radix", "trace")
        assert (code, err.count("\n")) == (2, 1)
        assert why in err
        assert listing(folder) == before

    def test_wrong_words_are_told(self, folder, capsys):
        for words, why in (
            (["radish", "trace"], "unknown kind of trace 'radish'; there are zbud-plain"),
            (["radish", "trace"], "zswap-6.1, machine, kmem, lackey, blocks, pages, auto"),
            (["radix", "nothing"], "cannot read nothing: No such file"),
            (["radix", "trace", "--expect", "nothing"], "cannot read nothing: No such file"),
            (["radix", "."], "cannot use .: it is a folder"),
        ):
            assert why in refusal(capsys, folder, "replay", *words)

    def test_a_file_that_is_no_notebook_is_named(self, folder, capsys):
        (folder / "x.ipynb").write_text("{}")
        assert "cannot use x.ipynb: the file is JSON but" in refusal(
            capsys, folder, "check", "x.ipynb"
        )

    def test_a_place_for_the_hosts_picture_is_looked_at_first(self, folder, capsys):
        words = ("host", "--recording", "--plot", "no/x.png")
        assert "cannot write no/x.png: there is no folder" in refusal(capsys, folder, *words)


@pytest.mark.skipif(os.name == "nt", reason="a process group's Ctrl-C is another thing on Windows")
class TestInterrupted:
    def test_leaves_no_traceback_and_no_file(self, folder):
        words = ["run", "input", "--frames", "65536", "--json", "out.json", "--plot", "out.png"]
        before = listing(folder)
        job = command(*words, cwd=folder, preexec_fn=heeding_interrupts)
        assert job.stdout.readline().startswith("input: ")
        time.sleep(0.3)
        job.send_signal(signal.SIGINT)
        _, err = job.communicate(timeout=60)
        assert job.returncode == 130
        assert err.splitlines()[-1] == "zbudlab: interrupted"
        assert "Traceback" not in err
        assert listing(folder) == before

    def test_the_exit_code_is_the_same_wherever_it_comes(self):
        script = (
            "import sys, types; from zbudlab.cli import command_line as cli\n"
            "asked = types.SimpleNamespace(command=lambda _: exec('raise KeyboardInterrupt'))\n"
            "cli.parser = lambda: types.SimpleNamespace(parse_args=lambda _: asked)\n"
            "sys.exit(cli.main())"
        )
        assert subprocess.run([sys.executable, "-c", script], cwd=ROOT).returncode == 130

    def test_waits_until_llvmlite_has_ended(self):
        script = (
            "import os, signal, time\n"
            "from zbudlab.cli.interrupts import put_off_in_llvmlite\n"
            "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
            "made = []\n"
            "inside = {**globals(), '__name__': 'llvmlite.binding.value'}\n"
            "exec('def make():\\n os.kill(os.getpid(), 2)\\n made.append(len(made))', inside)\n"
            "try:\n"
            "    with put_off_in_llvmlite():\n"
            "        inside['make']()\n"
            "        time.sleep(60)\n"
            "except KeyboardInterrupt:\n"
            "    print(made, signal.getsignal(2) is signal.default_int_handler)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=30
        )
        assert done.stdout == "[0] True\n", done.stderr

    def test_a_reader_that_goes_away_is_no_error(self, folder):
        (folder / "long").write_text(TRACE * 20000)
        job = command("replay", "radix", "long", cwd=folder)
        job.stdout.readline()
        job.stdout.close()
        assert job.stderr.read() == ""
        assert job.wait(timeout=60) == 0


class TestReplayOfALog:
    def saved(self, folder):
        machine = Machine(frames=256, threads=1)
        process = machine.create_process(300)
        machine.touch(process, range(300), write=True)
        machine.save_log(folder / "log.npz")
        return machine

    def test_a_log_answers_as_it_did(self, folder, capsys):
        machine = self.saved(folder)
        code, out, err = answer(capsys, "replay", "machine", "log.npz")
        assert (code, err) == (0, "")
        assert out.startswith("2 operations, 0 differences")
        assert machine.digest() in out

    def test_another_answer_is_named(self, folder, capsys):
        machine = self.saved(folder)
        machine.log.set_result(len(machine.log) - 1, 0)
        first = next(i for i, entry in enumerate(machine.log) if entry.name == "touch")
        machine.log.set_result(first, 299)
        machine.save_log(folder / "log.npz")
        code, out, _ = answer(capsys, "replay", "machine", "log.npz")
        assert code == 1
        assert "operation 2: touch" in out
        assert "expected  299" in out

    def test_what_is_no_log_is_said_so(self, folder, capsys):
        (folder / "log.npz").write_bytes(b"no log")
        code, _, err = answer(capsys, "replay", "machine", "log.npz")
        assert code == 2
        assert "no log of operations" in err
