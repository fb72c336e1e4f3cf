"""Scripts in one compiled call do what a Machine does with the same operations.

Also tests `experiments/interpreter.py`, which runs them.
"""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from zbudlab import layout
from zbudlab.experiments import batch
from zbudlab.experiments import script as ops
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
    ops.ALLOC_PAGES: lambda r, m, a, b: m.alloc_pages(a, layout.MIGRATE_NAMES[b], direct=False),
    ops.FREE_PAGES: lambda r, m, a, b: -22 if r[a] < 0 else m.free_pages(r[a]),
    ops.ZBUD_ALLOC: lambda r, m, a, b: m.zbud_alloc(a),
    ops.ZBUD_FREE: lambda r, m, a, b: -22 if r[a] <= 0 else m.zbud_free(r[a]),
    ops.CREATE_PROCESS: lambda r, m, a, b: m.create_process(a),
    ops.TOUCH: lambda r, m, a, b: _entry(m, a, b),
    ops.EXIT: lambda r, m, a, b: m.exit(a),
    ops.COMPACT: lambda r, m, a, b: _moved(m, a, b),
    ops.RESCAN: lambda r, m, a, b: m.rescan(),
    ops.ASK: lambda r, m, a, b: available_blocks(m, a),
    ops.FREE: lambda r, m, a, b: int(m.state.zone["nr_free_pages"]),
    ops.PIN: lambda r, m, a, b: m.pin(a) or a,
    ops.UNPIN: lambda r, m, a, b: -22 if r[a] < 0 else m.unpin(r[a]),
    ops.ZBUD_MAP: lambda r, m, a, b: m.zbud_map(r[a]) and r[a],
    ops.ZBUD_UNMAP: lambda r, m, a, b: -22 if r[a] < 0 else m.zbud_unmap(r[a]),
    ops.MOVABLE: lambda r, m, a, b: m.set_zbud_movable(bool(a)),
}


def rare_row(rng, handles):
    """An operation that a script has now and then. handles: rows that allocated an object."""
    rows = [(ops.COMPACT, -1, int(rng.integers(2))), (ops.RESCAN, 0, 0)]
    rows += [(ops.ASK, int(rng.integers(6)), 0), (ops.FREE, 0, 0)]
    rows += [(ops.PIN, int(rng.integers(FRAMES)), 0), (ops.MOVABLE, int(rng.integers(2)), 0)]
    rows += [(ops.ZBUD_MAP, handles[0], 0)] if handles else []
    return rows[rng.integers(len(rows))]


@st.composite
def scripts(draw):
    """Random operations on one machine that stay well above the watermarks; exits come last."""
    rng = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    script = [(ops.CREATE_PROCESS, 40, 0), (ops.CREATE_PROCESS, 60, 0)]
    blocks, handles = [], []
    rows = draw(st.integers(5, 120))
    while (place := len(script)) < rows:
        kind = rng.integers(9)
        if kind == 0 and blocks:
            script.append((ops.FREE_PAGES, blocks.pop(rng.integers(len(blocks))), 0))
        elif kind in (1, 2) and handles:
            script.append((ops.ZBUD_FREE, handles.pop(rng.integers(len(handles))), 0))
        elif kind in (3, 4):
            handles.append(place)
            script.append((ops.ZBUD_ALLOC, int(rng.integers(1, 4000)), 0))
        elif kind in (5, 6):
            script.append((ops.TOUCH, *[(0, 39), (1, 59)][rng.integers(2)]))
            script[-1] = (*script[-1][:2], int(rng.integers(script[-1][2] + 1)))
        elif kind == 7:
            blocks.append(place)
            script.append((ops.ALLOC_PAGES, int(rng.integers(3)), int(rng.integers(3))))
        else:
            script.append(rare_row(rng, handles))
            undo = {ops.PIN: ops.UNPIN, ops.ZBUD_MAP: ops.ZBUD_UNMAP}.get(script[-1][0])
            if undo and rng.integers(2):
                script.append((undo, place, 0))
    script += [(ops.EXIT, int(rng.integers(2)), 0), (ops.COMPACT, -1, 1), (ops.ASK, 4, 0)]
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
                ops.rows(ops.ZBUD_ALLOC, np.full(30, 2500)),
                ops.rows(ops.ZBUD_FREE, np.arange(0, 30, 2)),
                ops.rows(ops.COMPACT, -1, 1),
                ops.rows(ops.ASK, 3),
            ]
        )
        compiled = batch.Batch(config()).run([script, script])
        with uncompiled(["interpreter.run_scripts", "interpreter._on_zone"]):
            plain = batch.Batch(config()).run([script, script])
        assert np.array_equal(compiled, plain)
        assert np.array_equal(compiled[0], compiled[1])
