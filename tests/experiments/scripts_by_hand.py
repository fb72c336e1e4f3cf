"""Random scripts, the same operations on a `Machine`, and what each way leaves in memory."""

from dataclasses import replace

import numpy as np

from zbudlab import layout
from zbudlab.experiments import batch
from zbudlab.experiments import script as ops
from zbudlab.history.replay import replay
from zbudlab.machine import Machine
from zbudlab.machine.config import MachineConfig
from zbudlab.machine.errors import MachineError
from zbudlab.mainjob.job import available_blocks

FRAMES = 512
ROWS = 400  #: of a script at most: more would need reclaim, which scripts lack


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


def random_script(rng, rows):
    """Random operations on one machine that stay well above the watermarks; exits come last."""
    script = [(ops.CREATE_PROCESS, 40, 0), (ops.CREATE_PROCESS, 60, 0)]
    blocks, handles = [], []
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


def batched(script, zbud):
    """The results of a script in `Batch`, and the memory after it."""
    arguments, results = batch.Batch(config(zbud)).prepared([script])
    batch.run_scripts(*arguments)
    return results.tolist(), arguments[0]._asdict()


def driven(script, zbud):
    """The results of a script on a machine, and the memory after the driver has run its log."""
    machine = Machine(replace(config(zbud), log=True, keyframes=False))
    results = by_hand(script, machine)
    return results, replay(machine.log, config(zbud)).state.mem._asdict()


def differences(number, seed):
    """Run random script `number` both ways; how many rows it has, and what differs."""
    rng = np.random.default_rng([seed, number])
    script = random_script(rng, ROWS)
    zbud = ("plain", "series")[number % 2]
    (results, memory), (expected, other) = batched(script, zbud), driven(script, zbud)
    wrong = ["results"] if results != expected else []
    for name in ("zones", "pages", "blocks", "pools", "rows", "nodes", "ptes", "processes"):
        room = min(len(memory[name]), len(other[name]))
        if memory[name][:room].tobytes() != other[name][:room].tobytes():
            wrong.append(name)
    return len(script), wrong
