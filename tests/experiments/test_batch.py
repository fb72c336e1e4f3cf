"""Scripts in one compiled call do what a Machine does with the same operations.

Also tests `experiments/interpreter.py`, `experiments/script.py` and `experiments/thinned.py`.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zbudlab import layout
from zbudlab.experiments import batch, thinned
from zbudlab.experiments.thinned import KINDS, PATTERNS
from zbudlab.jit import uncompiled
from zbudlab.machine import Machine
from zbudlab.machine.config import MachineConfig
from zbudlab.machine.errors import MachineError
from zbudlab.mainjob.job import available_blocks

FRAMES = 512


def config(zbud="series"):
    return MachineConfig(
        frames=FRAMES, pageblock_order=4, zbud=zbud, zswap=False, page_bytes=False, log=False
    )


def by_hand(script, machine):
    """The same operations, one call of `Machine` each."""
    results = []
    for operation, a, b in script.tolist():
        try:
            results.append(BY_HAND[operation](results, machine, a, b) or 0)
        except MachineError as error:
            results.append(-error.errno)
    return results


def _entry(machine, process, page):
    machine.touch(process, [page], write=True)
    place = int(machine.state.processes[process]["start"]) + page
    return int(machine.state.ptes[place]["value"])


def _moved(machine, order, sync):
    machine.compact(order, sync=bool(sync))
    return int(machine.control[0]["migrated"])


#: What each operation is on a Machine; None counts as 0. The row's own results come first.
BY_HAND = {
    batch.ALLOC_PAGES: lambda r, m, a, b: m.alloc_pages(a, layout.MIGRATE_NAMES[b], direct=False),
    batch.FREE_PAGES: lambda r, m, a, b: -22 if r[a] < 0 else m.free_pages(r[a]),
    batch.ZBUD_ALLOC: lambda r, m, a, b: m.zbud_alloc(a),
    batch.ZBUD_FREE: lambda r, m, a, b: -22 if r[a] <= 0 else m.zbud_free(r[a]),
    batch.CREATE_PROCESS: lambda r, m, a, b: m.create_process(a),
    batch.TOUCH: lambda r, m, a, b: _entry(m, a, b),
    batch.EXIT: lambda r, m, a, b: m.exit(a),
    batch.COMPACT: lambda r, m, a, b: _moved(m, a, b),
    batch.RESCAN: lambda r, m, a, b: m.rescan(),
    batch.ASK: lambda r, m, a, b: available_blocks(m, a),
    batch.FREE: lambda r, m, a, b: int(m.state.zone["nr_free_pages"]),
}


@st.composite
def scripts(draw):
    """Random operations on one machine that stay well above the watermarks; exits come last."""
    rng = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    script = [(batch.CREATE_PROCESS, 40, 0), (batch.CREATE_PROCESS, 60, 0)]
    blocks, handles = [], []
    for place in range(2, draw(st.integers(5, 120))):
        kind = rng.integers(9)
        if kind == 0 and blocks:
            script.append((batch.FREE_PAGES, blocks.pop(rng.integers(len(blocks))), 0))
        elif kind in (1, 2) and handles:
            script.append((batch.ZBUD_FREE, handles.pop(rng.integers(len(handles))), 0))
        elif kind in (3, 4):
            handles.append(place)
            script.append((batch.ZBUD_ALLOC, int(rng.integers(1, 4000)), 0))
        elif kind in (5, 6):
            script.append((batch.TOUCH, *[(0, 39), (1, 59)][rng.integers(2)]))
            script[-1] = (*script[-1][:2], int(rng.integers(script[-1][2] + 1)))
        elif kind == 7:
            blocks.append(place)
            script.append((batch.ALLOC_PAGES, int(rng.integers(3)), int(rng.integers(3))))
        else:
            odd = [(batch.COMPACT, -1, int(rng.integers(2))), (batch.RESCAN, 0, 0)]
            odd += [(batch.ASK, int(rng.integers(6)), 0), (batch.FREE, 0, 0)]
            script.append(odd[rng.integers(4)])
    script += [(batch.EXIT, int(rng.integers(2)), 0), (batch.COMPACT, -1, 1), (batch.ASK, 4, 0)]
    return np.array(script)


class TestScripts:
    @settings(max_examples=30)
    @given(st.lists(scripts(), min_size=1, max_size=3), st.sampled_from(["plain", "series"]))
    def test_results_are_those_of_machines(self, several, zbud):
        found = batch.Batch(config(zbud)).run(several)
        for script, results in zip(several, found, strict=True):
            assert results.tolist() == by_hand(script, Machine(config(zbud)))

    def test_plain_python_gives_the_same(self):
        script = np.concatenate(
            [
                batch.rows(batch.ZBUD_ALLOC, np.full(30, 2500)),
                batch.rows(batch.ZBUD_FREE, np.arange(0, 30, 2)),
                batch.rows(batch.COMPACT, -1, 1),
                batch.rows(batch.ASK, 3),
            ]
        )
        compiled = batch.Batch(config()).run([script, script])
        with uncompiled(["batch.run_scripts"]):
            plain = batch.Batch(config()).run([script, script])
        assert np.array_equal(compiled, plain)
        assert np.array_equal(compiled[0], compiled[1])

    @pytest.mark.parametrize(
        "row",
        [
            (11, 0, 0),
            (-1, 0, 0),
            (batch.ALLOC_PAGES, 11, 0),
            (batch.ALLOC_PAGES, 0, 3),
            (batch.FREE_PAGES, 0, 0),  # row 0 allocated no pages
            (batch.FREE_PAGES, 7, 0),
            (batch.ZBUD_FREE, 1, 0),
            (batch.ZBUD_ALLOC, 0, 0),
            (batch.TOUCH, 1, 0),
            (batch.TOUCH, 0, 5),
            (batch.EXIT, -1, 0),
            (batch.ASK, 11, 0),
            (batch.COMPACT, -2, 0),
        ],
    )
    def test_rows_that_cannot_be_meant(self, row):
        script = np.array([(batch.CREATE_PROCESS, 5, 0), (batch.FREE, 0, 0), row])
        with pytest.raises(ValueError, match="row 2 of a script cannot be meant"):
            batch.Batch(config()).run([script])

    def test_nothing_is_given_back_twice(self):
        script = np.array([(batch.ZBUD_ALLOC, 9, 0), *[(batch.ZBUD_FREE, 0, 0)] * 2])
        with pytest.raises(ValueError, match="gives something back twice"):
            batch.Batch(config()).run([script])


class TestThinned:
    def test_its_batch_form_gives_what_it_gives(self):
        points = [
            {"kind": kind, "frames": frames, "pattern": pattern, "freed": 0.5, "order": 3} | more
            for kind in KINDS
            for frames in (1024, 1088)
            for pattern in PATTERNS
            for more in ({"seed": 1}, {"seed": 2, "fill": 0.5})
        ]
        assert thinned.batch(points) == [thinned(**point) for point in points]

    def test_movable_pages_leave_more_blocks(self):
        rows = [thinned(kind, frames=4096, order=5, seed=1) for kind in KINDS]
        processes, fixed, movable = (row["blocks_after"] for row in rows)
        assert fixed < movable <= rows[2]["blocks_ideal"]
        assert fixed < processes

    @pytest.mark.parametrize(
        "wrong", [{"fill": 1.0}, {"freed": 2}, {"pattern": "x"}, {"kind": "x"}, {"fill": 0}]
    )
    def test_refused(self, wrong):
        with pytest.raises(ValueError, match=r"must be|do not fit"):
            thinned(**{"frames": 512, "seed": 0} | wrong)
