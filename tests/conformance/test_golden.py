"""Every golden trace, through the engine that `Machine` uses: each line must be the kernel's.

Also tests `conformance/difference.py`, `conformance/pool.py`, `conformance/radix.py`,
`conformance/trace.py`, `conformance/zbud.py`, `conformance/zswap_settings.py` and
`conformance/zswap_world.py`.
"""

import gzip
import json
from collections import Counter

import pytest

from tests.conformance.traces import GOLDEN, TEXT
from zbudlab.conformance import KINDS, TraceError, answers, compare

TRACE, EXPECTED = ".trace.gz", ".expected.jsonl.gz"
ALL = sorted(
    f"{path.parent.name}/{path.name.removesuffix(TRACE)}" for path in GOLDEN.glob(f"*/*{TRACE}")
)
TRACES = [name for name in ALL if name.partition("/")[0] not in TEXT]
OF_TEXT = [
    (name, end) for name in ALL if name not in TRACES for end in TEXT[name.partition("/")[0]]
]


COUNTS = {
    "zbud-plain": 25,
    "zbud-series": 41,
    "radix": 8,
    "buddy": 23,
    "compact": 35,
    "zswap-plain": 34,
    "zswap-series": 36,
    "zswap-6.1": 19,
    "zswap-7": 22,
    "zsmalloc-6.1": 31,
    "zsmalloc-7": 39,
    "z3fold-6.1": 23,
}


def files(name):
    return GOLDEN / f"{name}{TRACE}", GOLDEN / f"{name}{EXPECTED}"


def shortest(kind):
    """The trace of a kind with the fewest bytes to expect."""
    names = [name for name in TRACES if name.startswith(f"{kind}/")]
    return min(names, key=lambda name: files(name)[1].stat().st_size)


def answered(line):
    return not json.loads(line).get("final", False)


@pytest.mark.parametrize("name", TRACES)
def test_the_engine_does_what_the_kernel_did(name):
    trace, expected = files(name)
    count, difference = compare(name.partition("/")[0], trace, expected)
    assert difference is None, f"{name} after {count} operations:\n{difference}"
    with gzip.open(expected, "rt") as lines:
        assert count == sum(map(answered, lines))


def test_every_trace_is_here():
    assert Counter(name.partition("/")[0] for name in ALL) == COUNTS
    assert set(COUNTS) == set(KINDS)


@pytest.mark.parametrize(("name", "end"), OF_TEXT)
def test_the_engine_prints_what_the_kernel_did(name, end):
    kind = name.partition("/")[0]
    trace, expected = GOLDEN / f"{name}{TRACE}", GOLDEN / f"{name}{end}"
    count, difference = compare(kind, trace, expected, **TEXT[kind][end])
    assert difference is None, f"{name} after {count} operations:\n{difference}"
    with gzip.open(trace, "rt") as lines:
        assert count == len(list(lines))


@pytest.mark.parametrize("kind", TEXT)
def test_a_changed_line_of_text_is_noticed(kind, tmp_path):
    name = next(name for name in ALL if name.startswith(f"{kind}/"))
    settings = next(iter(TEXT[kind].values()))
    trace = GOLDEN / f"{name}{TRACE}"
    lines = list(answers(kind, trace, **settings))
    for place, other in ((3, ["7 7 7"]), (len(lines) - 1, [])):
        changed = tmp_path / "expected"
        changed.write_text("\n".join([*lines[:place], *other, *lines[place + 1 :]]) + "\n")
        count, difference = compare(kind, trace, changed, **settings)
        assert count == place
        with gzip.open(trace, "rt") as operations:
            assert difference.operation == operations.read().splitlines()[place]
    changed.write_text("\n".join([*lines, lines[0]]) + "\n")
    assert compare(kind, trace, changed, **settings)[1].operation == "end of the trace"


@pytest.mark.parametrize(
    ("kind", "settings", "why"),
    [
        ("zsmalloc-7", {"chain": 3}, "chain of zsmalloc-7 must be one of 8, 4, 5"),
        ("zsmalloc-6.1", {"chain": 4}, "zsmalloc-6.1 has no setting 'chain'"),
        ("zsmalloc", {}, "unknown kind of trace 'zsmalloc'; use zbud-plain"),
    ],
)
def test_settings_that_a_kind_has_not_are_refused(kind, settings, why, tmp_path):
    (tmp_path / "trace").write_text("a 1 100\n")
    with pytest.raises(TraceError, match=why):
        list(answers(kind, tmp_path / "trace", **settings))


@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(TEXT)))
def test_a_single_digit_is_noticed(kind, tmp_path):
    trace, expected = files(shortest(kind))
    lines = gzip.decompress(expected.read_bytes()).decode().splitlines()
    middle = len(lines) // 2
    digit = next(i for i in reversed(range(len(lines[middle]))) if lines[middle][i].isdigit())
    changed = str((int(lines[middle][digit]) + 1) % 10)
    lines[middle] = lines[middle][:digit] + changed + lines[middle][digit + 1 :]
    other = tmp_path / "expected.jsonl"
    other.write_text("\n".join(lines) + "\n")
    count, difference = compare(kind, trace, other)
    assert count == middle
    assert difference is not None
    assert f"line {middle + 1}" in difference.where


@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(TEXT)))
def test_lines_too_few_and_too_many_are_noticed(kind, tmp_path):
    trace, expected = files(shortest(kind))
    lines = gzip.decompress(expected.read_bytes()).decode().splitlines()
    for wrong in (lines[:-1], [*lines, lines[-1]]):
        other = tmp_path / "expected.jsonl"
        other.write_text("\n".join(wrong) + "\n")
        assert compare(kind, trace, other)[1] is not None
