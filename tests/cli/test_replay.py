"""`zbudlab replay`: answers, differences, and one sentence for each mistake."""

import gzip
import io
import json
import os
import sys

import pytest

from tests.cli.calls import TRACE, answer, listing, refusal
from zbudlab.machine import Machine


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
            (b"insert 1 11\ninsert 2\n", "trace, line 2: insert takes 2 numbers, not 1"),
            (b"insert 1 x\n", "trace, line 1: whole numbers are needed"),
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

    def test_wrong_words_are_refused(self, folder, capsys):
        for words, why in (
            (["radish", "trace"], "unknown kind of trace 'radish'; there are zbud-plain"),
            (
                ["radish", "trace"],
                "z3fold-6.1, zswap-run, machine, kmem, lackey, addresses, blocks, pages, auto",
            ),
            (["radix", "nothing"], "cannot read nothing: No such file"),
            (["radix", "trace", "--expect", "nothing"], "cannot read nothing: No such file"),
            (["radix", "."], "cannot use .: it is a folder"),
        ):
            assert why in refusal(capsys, folder, "replay", *words)


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
        assert "not a log of operations" in err
