"""Traces of today's zswap against its twin, line by line; bad lines; nothing broken in between.

Also tests `conformance/zswap7_world.py`, `mm/zswap7.py`, `mm/zswap_lru.py`, `mm/zswap_cgroup.py`,
`mm/zswap_pools.py`, `mm/zswap_tables.py` and `swap/folios.py`.
"""

import gzip
import random

import numpy as np
import pytest

from tests.conformance.traces import GOLDEN, TEXT, trace
from tests.naive_zswap7 import NaiveZswap7
from zbudlab import jit
from zbudlab.conformance import compare
from zbudlab.conformance.trace import TraceError
from zbudlab.conformance.zswap7 import Zswap7Harness, zswap7_answers
from zbudlab.mm.inspection import first_fault
from zbudlab.profiles import OWN_LRU, ZSMALLOC

ALL = sorted(path.name for path in (GOLDEN / "zswap-7").glob("*.trace.gz"))
BY_HAND = [name for name in ALL if name.startswith("a")]
LINES = 12_500  #: of each random trace; eight are run


def golden(name):
    return gzip.decompress((GOLDEN / "zswap-7" / name).read_bytes()).decode().splitlines()


def printed(version, *lines):
    return [answer["text"] for answer in zswap7_answers(trace(*lines), version)]


def twin_of(version):
    return NaiveZswap7(OWN_LRU[version].writeback_batch, ZSMALLOC[version])


# --- the twin ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BY_HAND)
def test_the_twin_knows_the_rules(name):
    for version in OWN_LRU:
        twin = twin_of(version)
        expected = golden(name.replace(".trace.gz", f".{version}.expected.gz"))
        assert [twin.answer(line) for line in golden(name)] == expected


class Script:
    """Random lines of a trace: most store and load, others change what these meet."""

    def __init__(self, seed, groups):
        self.random = random.Random(seed)
        self.groups = groups
        self.page = 0

    def length(self):
        of_any = self.random.choice((-2, -1, 0, 4095, 4096, 4097, 3624, 3625))
        return of_any if self.random.random() < 0.08 else int(self.random.gauss(1400, 700)) % 4000

    def slot(self):
        return self.random.randrange(160)

    def group(self):
        return self.random.randrange(self.groups)

    def S(self):
        order = self.random.choice((0, 0, 0, 0, 0, 0, 0, 1, 2))
        pairs = []
        for _ in range(1 << order):
            self.page += 1
            pairs += [self.page, self.length()]
        return f"S {self.group()} {self.slot()} {order} {' '.join(map(str, pairs))}"

    def setting(self):
        return self.random.choice(
            (
                f"P {self.random.randrange(5, 40)}",
                f"T {self.random.choice((0, 50, 90, 100))}",
                f"E {int(self.random.random() < 0.8)}",
                f"A {self.random.choice(('lzo', 'lz4', 'zstd', 'none'))}",
                f"B {self.group()} {int(self.random.random() < 0.8)}",
                f"M {self.group()} {self.random.choice((-1, -1, 0, 2, 9))}",
                f"O {self.group()} {int(self.random.random() < 0.8)}",
                f"Y {int(self.random.random() < 0.8)}",
                f"X {self.random.choice(('page', 'kmem', 'xa', 'decomp', 'cache'))} "
                f"{self.random.randrange(3)}",
            )
        )

    def line(self):
        what = self.random.random()
        if what < 0.06:
            return self.setting()
        for share, make in (
            (0.5, self.S),
            (0.7, lambda: f"L {self.slot()}"),
            (0.76, lambda: f"I {self.slot()}"),
            (0.83, lambda: "K"),
            (0.88, lambda: f"H {self.group()} {self.random.randrange(40)}"),
            (0.91, lambda: f"C {self.group()}"),
            (0.93, lambda: f"Q {self.group()}"),
            (0.95, lambda: f"U {self.group()}"),
            (0.965, lambda: "Z"),
            (0.975, lambda: f"W {self.slot()}"),
            (0.995, lambda: f"V {self.slot()}"),
        ):
            if what < share:
                return make()
        return f"D {self.slot()}"

    def lines(self, count):
        start = ["R 200", "P 20", f"G {self.groups}", "Y 1"]
        return [*start, *(self.line() for _ in range(count))]


@pytest.mark.slow
@pytest.mark.parametrize("version", OWN_LRU)
@pytest.mark.parametrize("groups", [1, 2, 4, 7])
def test_the_twin_answers_the_same_to_random_lines(version, groups):
    twin, harness = twin_of(version), Zswap7Harness(version, 40_000)
    for number, operation in enumerate(trace(*Script(groups, groups).lines(LINES))):
        answer = harness.run(operation)
        assert answer == twin.answer(operation.text), f"{operation.where}: {operation.text}"
        if number % 500 == 0:
            assert first_fault(harness.state) is None
    counts = harness.zswap.counters()
    assert min(counts[name] for name in ("written_back_pages", "pool_limit_hit")) > 100
    assert min(counts[name] for name in ("reject_alloc_fail", "decompress_fail")) > 0


# --- nothing is broken -------------------------------------------------------------------------


@pytest.mark.parametrize("version", OWN_LRU)
@pytest.mark.parametrize("name", [name for name in BY_HAND if len(golden(name)) < 40])
def test_all_is_in_order_after_each_line(name, version):
    harness = Zswap7Harness(version, 5000)
    for operation in trace(*golden(name)):
        harness.run(operation)
        assert first_fault(harness.state) is None


def test_plain_python_prints_the_same():
    """Plain kernels also check every index."""
    plain = [name for name in jit.KERNELS if name.startswith(("zswap7", "zswap_"))]
    with jit.uncompiled(plain):
        for name in BY_HAND:
            for end, settings in TEXT["zswap-7"].items():
                path = GOLDEN / "zswap-7" / name
                expected = path.with_name(name.replace(".trace.gz", end))
                assert compare("zswap-7", path, expected, **settings)[1] is None, name


def test_damage_is_seen():
    harness = Zswap7Harness("7.3", 5000)
    harness.run(trace("S 0 1 0 7 3000")[0])
    harness.state.frames[:, 50] ^= 1
    with pytest.raises(AssertionError, match="3000 bytes of page 7 are not what was stored"):
        harness.run(trace("L 1")[0])


# --- rules that no recorded trace shows --------------------------------------------------------


def test_an_offline_cgroup_is_passed_over():
    lines = ["R 100", "P 3", "G 3", *(f"S {1 + i % 2} {i} 0 {i} 4000" for i in range(3))]
    lines += ["S 2 9 0 9 10", "O 1 0", "K", "Q 1", "Q 2"]
    *_, work, first, second = printed("7.3", *lines)
    assert work.startswith("wb:1 1 |")
    assert first.startswith("0:1 2:1 |")
    assert second.startswith("|")


def test_the_limit_of_a_cgroup_above_counts():
    harness = Zswap7Harness("7.3", 5000)
    for operation in trace("G 2", "M 1 1", "B 1 0"):
        harness.run(operation)
    harness.zswap.new_cgroup(2, 1)
    harness.cgroups = 3
    answers = [
        harness.run(line) for line in trace("S 2 0 0 0 3000", "S 2 1 0 1 3000", "S 2 2 0 2 9")
    ]
    assert [answer.split()[0] for answer in answers] == ["zswap", "zswap", "kept"]
    assert harness.run(trace("U 1")[0]).startswith("6000 2 0 ")
    assert first_fault(harness.state) is None


BAD = [
    (["zap 3"], "line 1: an operation is one of S, L, I"),
    (["S 0 0 0 1"], "line 1: S takes 5 numbers, not 4"),
    (["S 0 0 1 1 10"], "line 1: a folio of 2.ORDER pages"),
    (["S 0 0 10 1 10"], "line 1: a folio of 2.ORDER pages"),
    (["S 0 0 0 1 -3"], "line 1: slots and pages are 0 or more, lengths -2 or more"),
    (["S 0 -1 0 1 5"], "line 1: slots and pages are 0 or more"),
    (["S 1 0 0 1 10"], "line 1: there are cgroups 0 to 0; G makes more"),
    (["L x"], "line 1: whole numbers are needed"),
    (["L 99999999999"], "line 1: numbers are smaller than"),
    (["G 3", "G 2"], "line 2: there can be 3 to 64 cgroups"),
    (["G 65"], "line 1: there can be 1 to 64 cgroups"),
    (["P -1"], "line 1: a setting is 0 or more"),
    (["E 2"], "line 1: a setting is 0 or more, a switch 0 or 1"),
    (["X disk 1"], "line 1: X takes one of page, kmem, xa, decomp, cache, and a number"),
    (["X page"], "line 1: X takes one of page"),
    (["X page -1"], "line 1: X takes one of page"),
    ([f"X kmem {1 << 40}"], "line 1: numbers are smaller than 2147483648"),
    ([f"X decomp {'9' * 5000}"], "line 1: whole numbers are needed"),
    (["A"], "line 1: A takes the name of a compressor"),
    (["H 0 -1"], "line 1: the shrinker looks at 0 to 65536 entries"),
    (["Y 1", "X decomp 2147483647", "H 0 2147483647"], "line 3: the shrinker looks at 0 to 65536"),
    (["K 1"], "line 1: K takes 0 numbers, not 1"),
]


@pytest.mark.parametrize(("lines", "why"), BAD)
def test_a_bad_line_gets_one_sentence(lines, why):
    with pytest.raises(TraceError, match=why):
        printed("7.3", *lines)


def test_the_work_of_7_2_gives_up_before_it_has_cleared_all_marks():
    lines = ["R 100", "P 20", *(f"S 0 {i} 0 {i} 4000" for i in range(20)), "S 0 99 0 99 1", "K"]
    assert printed("7.3", *lines)[-1].startswith("wb:0 wb:1 ")
    assert printed("7.2", *lines)[-1].startswith("1 | 20 20 ")


def test_slots_of_any_number():
    answers = printed("7.3", "S 0 2000000000 0 5 100", "L 2000000000")
    assert [answer.split("|")[0] for answer in answers] == ["zswap ", "0 5 11 "]
    assert np.count_nonzero([answer.endswith("0") for answer in answers]) == 2
