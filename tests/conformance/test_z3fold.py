"""Traces of z3fold: bad lines, gone objects, and what is printed.

Also tests `conformance/frame_stack.py`.
"""

import gzip

import pytest

from tests.conformance.traces import GOLDEN, trace
from zbudlab import jit
from zbudlab.conformance import compare
from zbudlab.conformance.trace import TraceError
from zbudlab.conformance.z3fold import Z3foldHarness, z3fold_answers
from zbudlab.mm.inspection import first_fault


def printed(*lines):
    return [answer["text"] for answer in z3fold_answers(trace(*lines))]


def test_damage_is_seen():
    harness = Z3foldHarness(8)
    for operation in trace("a 0 3000", "a 1 500"):
        harness.run(operation)
    harness.state.frames[:, 200] ^= 1
    assert harness.run(trace("w 0")[0]) == "0 1 1 128 | 1"
    assert harness.run(trace("f 1")[0]) == "1 | 1"


def test_objects_that_are_gone_say_so():
    lines = ["a 0 1000", "f 0", "f 0", "p 0", "q 0", "m 0", "i 0", "w 0"]
    assert printed(*lines)[2:] == ["gone | 0"] * 6


def test_one_page_is_isolated_at_a_time():
    lines = ["a 0 1000", "a 1 3000", "a 2 4000", "g", "t", "i 0", "i 1", "m 2", "m 1", "t", "m 1"]
    expected = ["none", "none", "i 1", "busy", "notmovable", "busy", "t", "0 4"]
    assert [line.partition(" |")[0] for line in printed(*lines)[3:]] == expected


def test_a_page_emptied_while_isolated_goes_with_the_work():
    lines = ["a 0 1000", "i 0", "f 0", "g", "k", "j"]
    assert printed(*lines)[2:] == ["1 | 1", "0 2 | 1", "k 1 | 0", "j 1 | 0"]
    lines = ["a 0 1000", "i 0", "f 0", "t", "j", "a 1 10"]
    assert printed(*lines)[2:] == ["1 | 1", "t | 0", "j 1 | 0", "1 1 128 | 1"]


def test_a_page_mapped_while_isolated_stays():
    lines = ["a 0 1000", "i 0", "p 0", "g", "q 0", "m 0"]
    assert printed(*lines)[3:] == ["-16 2 | 1", "q | 1", "0 2 | 1"]


def test_work_runs_at_once_if_asked():
    lines = ["A 1", "a 0 2000", "a 1 700", "a 2 3000", "f 0", "s"]
    assert printed(*lines)[-1] == "2:47,0,11@0F / 4:2 | 1"


def test_reading_a_middle_object_ends_its_protection():
    lines = ["a 0 640", "a 1 640", "a 2 640", "p 2"]
    assert printed(*lines, "f 0", "w 2")[-1] == "1 1 2 768 | 1"
    assert printed(*lines, "w 2", "f 0", "w 2")[-1] == "1 1 2 2816 | 1"


BAD = [
    (["a 0 10", "a 0 10"], "line 2: object 0 was allocated before"),
    (["a 0 -1"], "line 1: a size is 0 or more: 'a 0 -1'"),
    (["a 0 99999999999999999999"], "line 1: numbers are smaller than"),
    (["f 3"], "line 1: object 3 was never allocated"),
    (["a 0"], "line 1: a takes 2 numbers, not 1"),
    (["a 0 x"], "line 1: whole numbers are needed"),
    (["a 0 10", "q 0"], "line 2: object 0 is not mapped"),
    (["b 0 2"], "line 1: b ends in 0 or 1"),
    (["A 2"], "line 1: A takes 0 or 1"),
    (["r -1"], "line 1: r takes 0 to 65536 retries"),
    (["a 0 10", "b 0 1", "r 1000000000"], "line 3: r takes 0 to 65536 retries"),
    (["zap 3"], "line 1: an operation is one of a, f, p, q"),
]


@pytest.mark.parametrize(("lines", "why"), BAD)
def test_a_bad_line_gets_one_sentence(lines, why):
    with pytest.raises(TraceError, match=why):
        printed(*lines)


def test_plain_python_prints_the_same():
    """Plain kernels also check every index."""
    plain = [name for name in jit.KERNELS if name.startswith("z3fold")]
    with jit.uncompiled(plain):
        for path in sorted((GOLDEN / "z3fold-6.1").glob("c*.trace.gz")):
            expected = path.with_name(path.name.replace(".trace.gz", ".expected.gz"))
            assert compare("z3fold-6.1", path, expected)[1] is None, path.name


@pytest.mark.parametrize("name", ["c16_reclaim_with_pending_work", "r01_points_mix"])
def test_all_is_in_order_after_each_line(name):
    path = GOLDEN / f"z3fold-6.1/{name}.trace.gz"
    harness = Z3foldHarness(3000)
    for operation in trace(*gzip.decompress(path.read_bytes()).decode().splitlines()):
        harness.run(operation)
        assert first_fault(harness.state) is None
    assert int(harness.pool["z3fold_overruns"]) > 0
