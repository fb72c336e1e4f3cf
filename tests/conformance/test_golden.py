"""Every golden trace, through the engine that `Machine` uses: each line must be the kernel's.

Also tests `conformance/difference.py`, `conformance/pool.py`, `conformance/radix.py`,
`conformance/trace.py`, `conformance/zbud.py`, `conformance/zswap_settings.py` and
`conformance/zswap_world.py`.
"""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from zbudlab.conformance import KINDS, compare

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
TRACE, EXPECTED = ".trace.gz", ".expected.jsonl.gz"
TRACES = sorted(
    f"{path.parent.name}/{path.name.removesuffix(TRACE)}" for path in GOLDEN.glob(f"*/*{TRACE}")
)


COUNTS = {
    "zbud-plain": 25,
    "zbud-series": 41,
    "radix": 8,
    "buddy": 23,
    "compact": 35,
    "zswap-plain": 34,
    "zswap-series": 36,
    "zswap-6.1": 19,
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
    assert Counter(name.partition("/")[0] for name in TRACES) == COUNTS
    assert set(COUNTS) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
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


@pytest.mark.parametrize("kind", KINDS)
def test_lines_too_few_and_too_many_are_noticed(kind, tmp_path):
    trace, expected = files(shortest(kind))
    lines = gzip.decompress(expected.read_bytes()).decode().splitlines()
    for wrong in (lines[:-1], [*lines, lines[-1]]):
        other = tmp_path / "expected.jsonl"
        other.write_text("\n".join(wrong) + "\n")
        assert compare(kind, trace, other)[1] is not None
