"""Traces of zsmalloc: bad lines, frames of the recorder, and what is printed by which rule."""

import gzip

import numpy as np
import pytest

from tests.conformance.traces import GOLDEN, TEXT, trace
from zbudlab import jit
from zbudlab.conformance import compare
from zbudlab.conformance.trace import TraceError
from zbudlab.conformance.zsmalloc import ZsmallocHarness, zsmalloc_answers
from zbudlab.mm.inspection import first_fault

OLD, NEW = "6.1", "7.3"


def printed(version, *lines, chain=None):
    return [answer["text"] for answer in zsmalloc_answers(version, trace(*lines), chain)]


def test_frames_are_a_stack():
    lines = ["a 0 4000", "a 1 4000", "a 2 4000", "f 0", "f 2", "a 3 4000", "a 4 4000", "a 5 4000"]
    assert printed(OLD, *lines)[5:] == ["2 3 0", "3 1 0", "4 4 0"]


def test_sizes_are_refused_as_each_kernel_does():
    lines = ["a 0 0", "a 1 4097", "a 2 9223372036854775"]
    assert printed(OLD, *lines) == ["e -22 0", "e -22 0", "e -22 0"]
    assert printed(NEW, *lines) == ["e -22 0", "e -28 0", "e -28 0"]


def test_damage_is_seen():
    harness = ZsmallocHarness(OLD, None, 5000)
    for operation in trace("a 0 3000", "a 1 3000"):
        harness.run(operation)
    harness.state.frames[:, 50] ^= 1
    assert harness.run(trace("f 0")[0]).startswith("0 ")


def test_a_source_that_is_read_ends_the_compaction_of_its_class_only():
    fill = [f"a {number} 504" for number in range(16)]  # two zspages of 8
    thin = [f"f {number}" for number in (0, 1, 2, 3, 4, 8, 9, 10, 11, 12)]
    other = [f"a {number} 1016" for number in range(20, 28)] + ["f 20", "f 21", "f 24", "f 25"]
    quiet = printed(NEW, *fill, *thin, *other, "c")
    read = printed(NEW, *fill, *thin, *other, "r 5", "r 13", "c", "e 5", "e 13", "c")
    assert quiet[-1] == "c 2 2"
    assert [read[-4], read[-1]] == ["c 1 3", "c 1 2"]


def test_a_destination_that_is_read_takes_objects():
    fill = [f"a {number} 504" for number in range(16)]
    thin = [f"f {number}" for number in (0, 1, 2, 3, 8, 9, 10, 11, 12)]
    assert printed(NEW, *fill, *thin, "r 4", "c", "e 4")[-2] == "c 1 1"


def test_a_source_that_stays_locked_is_counted_and_freed_later():
    fill = [f"a {number} 504" for number in range(16)]
    thin = [f"f {number}" for number in (0, 1, 2, 3, 8, 9, 10, 11, 12)]
    answers = printed(NEW, *fill, *thin, "l 13", "c", "u", "k", "k")
    assert answers[-4:] == ["c 1 2", "u 2", "k 1 1", "k 0 1"]


BAD = [
    (["a 0 10", "a 0 10"], "line 2: object 0 was allocated before"),
    (["a 0 -1"], "line 1: a size is 0 or more: 'a 0 -1'"),
    (["a 0 99999999999999999999"], "line 1: numbers are smaller than"),
    (["f 3"], "line 1: object 3 was never allocated"),
    (["a 0 10", "f 0", "w 0"], "line 3: object 0 was freed"),
    (["a 0 10", "f 0", "m 0"], "line 3: object 0 was freed"),
    (["a 0"], "line 1: a takes 2 numbers, not 1"),
    (["a 0 x"], "line 1: whole numbers are needed"),
    (["u"], "line 1: no page is locked"),
    (["a 0 10", "l 0", "l 0"], "line 3: a page is locked already"),
    (["a 0 10", "l 0", "m 0"], "line 3: that page is locked or isolated"),
    (["a 0 10", "l 0", "f 0", "k"], "line 4: this would wait for ever"),
    (["zap 3"], "line 1: an operation is one of a, f, m, c"),
]
BAD_NEW = [
    (["g"], "line 1: no page is isolated"),
    (["e 0"], "line 1: object 0 was never allocated"),
    (["a 0 10", "e 0"], "line 2: object 0 is not being read"),
    (["a 0 10", "r 0", "f 0"], "line 3: object 0 is being read"),
    (["a 0 10", "i 0", "i 0"], "line 3: a page is isolated already"),
    (["a 0 10", "l 0", "i 0"], "line 3: that page is locked"),
    (["a 0 10", "i 0", "l 0", "g"], "line 4: that page is locked"),
    (["a 0 10", "i 0", "m 0"], "line 3: that page is locked or isolated"),
]


@pytest.mark.parametrize(("lines", "why"), BAD)
def test_a_bad_line_gets_one_sentence(lines, why):
    for version in (OLD, NEW):
        with pytest.raises(TraceError, match=why):
            printed(version, *lines)


@pytest.mark.parametrize(("lines", "why"), BAD_NEW)
def test_a_bad_line_of_newer_operations(lines, why):
    with pytest.raises(TraceError, match=why):
        printed(NEW, *lines)


@pytest.mark.parametrize("line", ["r 0", "e 0", "i 0", "g"])
def test_old_traces_neither_read_nor_isolate(line):
    with pytest.raises(TraceError, match="an operation is one of"):
        printed(OLD, "a 0 10", line)


CLASSES = [
    (OLD, None, "zsmalloc-6.1/classes.txt"),
    (NEW, 8, "zsmalloc-7/classes.chain8.txt"),
    (NEW, 4, "zsmalloc-7/classes.chain4.txt"),
]


@pytest.mark.parametrize(("version", "chain", "name"), CLASSES)
def test_size_classes_are_the_kernels(version, chain, name):
    harness = ZsmallocHarness(version, chain, 8)
    lines = [
        f"{number} -> class {each['used']} size {each['object_size']} "
        f"pages {each['pages_per_zspage']} objects {each['objs_per_zspage']}"
        for number, each in enumerate(harness.state.size_classes)
    ]
    text = (GOLDEN / name).read_text()
    assert lines == [line for line in text.splitlines() if not line.startswith("#")]
    kept = len(np.unique(harness.state.size_classes["used"]))
    assert f"classes 255 distinct {kept} " in text


SHORT = sorted(
    path
    for path in GOLDEN.glob("zsmalloc-*/[hn]*.trace.gz")
    if len(gzip.decompress(path.read_bytes()).splitlines()) < 60
)


def test_plain_python_prints_the_same():
    """Plain kernels also check every index."""
    plain = [name for name in jit.KERNELS if name.startswith("zsmalloc")]
    with jit.uncompiled(plain):
        for path in SHORT:
            kind = path.parent.name
            end, settings = next(iter(TEXT[kind].items()))
            expected = path.with_name(path.name.replace(".trace.gz", end))
            assert compare(kind, path, expected, **settings)[1] is None, path.name


@pytest.mark.parametrize("name", ["6.1/h15_compact_order", "7/n09_isolated_then_freed"])
def test_all_is_in_order_after_each_line(name):
    path = GOLDEN / f"zsmalloc-{name}.trace.gz"
    harness = ZsmallocHarness(OLD if name.startswith("6") else NEW, None, 9000)
    for operation in trace(*gzip.decompress(path.read_bytes()).decode().splitlines()):
        harness.run(operation)
        assert first_fault(harness.state) is None
