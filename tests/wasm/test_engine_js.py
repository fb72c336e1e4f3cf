"""The module under V8, through `zbudlab/wasm/engine.js`: golden traces, and native memory.

Also tests `wasm/image.py`.
"""

import base64
import gzip
import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.wasm.traces import expected, traces
from zbudlab import layout
from zbudlab.experiments import interpreter
from zbudlab.experiments import script as ops
from zbudlab.lessons import stubborn
from zbudlab.machine import Machine
from zbudlab.mm.inspection import frame_cells, look_at_frames
from zbudlab.mm.mem import Memory
from zbudlab.wasm import build, builder
from zbudlab.wasm.image import image

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node"),
]
ENGINE = Path(builder.__file__).with_name("engine.js")
FRAMES = 2048
OPERATIONS = 10**5


def packed(data):
    return base64.b64encode(gzip.compress(bytes(data), 1)).decode()


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """Runs cases under Node."""
    script = tmp_path_factory.mktemp("node") / "script.mjs"
    own = Path(__file__).with_name("script.mjs").read_text("utf-8")
    script.write_text(ENGINE.read_text("utf-8") + own, "utf-8")
    module = build()
    given = {"module": packed(module.code), "description": module.description}

    def run(*cases):
        done = subprocess.run(
            ["node", script],
            input=json.dumps(given | {"cases": cases}),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_radix_trees_do_what_the_kernel_did(node):
    for trace in traces("radix"):
        lines = gzip.decompress(trace.read_bytes()).decode().splitlines()
        lines = [line for line in lines if line and not line.startswith("#")]
        (answers,) = node(("radix", {"lines": lines, "nodes": 1 << 16}))
        assert (
            answers
            == gzip.decompress(next(iter(expected(trace))).read_bytes()).decode().splitlines()
        )


def row_to_undo(rng, operation, objects):
    """A row with random arguments that a later one undoes. objects: rows that allocated one."""
    first = {
        ops.ALLOC_PAGES: int(rng.integers(4)),
        ops.ZBUD_ALLOC: int(rng.integers(1, 4000)),
        ops.PIN: int(rng.integers(FRAMES)),
    }
    a = first[operation] if operation in first else objects[rng.integers(len(objects))]
    return operation, a, int(rng.integers(3)) if operation == ops.ALLOC_PAGES else 0


def random_script(count, seed):
    """Rows of all operations, valid on any machine of FRAMES frames; the last one compacts."""
    rng = np.random.default_rng(seed)
    rows = [(ops.CREATE_PROCESS, 400, 0), (ops.CREATE_PROCESS, 300, 0)]
    open_rows = {ops.ALLOC_PAGES: [], ops.ZBUD_ALLOC: [], ops.PIN: [], ops.ZBUD_MAP: []}
    undo = {done: operation for operation, done in ops.UNDOES.items()}
    while len(rows) < count:
        done = list(open_rows)[rng.integers(4)]
        held = open_rows[done]
        if held and rng.integers(100) < 10 + len(held) // 4:
            rows.append((undo[done], held.pop(rng.integers(len(held))), 0))
        elif rng.integers(8) == 0:
            rows.append((ops.TOUCH, 0, int(rng.integers(400))))
        elif rng.integers(400) == 0:
            rare = [(ops.COMPACT, -1, 1), (ops.RESCAN, 0, 0), (ops.ASK, 3, 0)]
            rare += [(ops.MOVABLE, int(rng.integers(2)), 0), (ops.FREE, 0, 0)]
            rows.append(rare[rng.integers(len(rare))])
        elif done != ops.ZBUD_MAP or open_rows[ops.ZBUD_ALLOC]:
            held.append(len(rows))
            rows.append(row_to_undo(rng, done, open_rows[ops.ZBUD_ALLOC]))
    ending = [*open_rows[ops.PIN], *open_rows[ops.ZBUD_MAP], *open_rows[ops.ZBUD_ALLOC][::2]]
    rows += [(undo[rows[row][0]], row, 0) for row in ending]
    rows += [(ops.MOVABLE, 1, 0), (ops.RESCAN, 0, 0), (ops.COMPACT, -1, 1)]
    script = np.array(rows, np.int64)
    ops.check(script)
    return script


def natively(made, script):
    """What the script leaves on an image in native code: results, bytes, cells, moves."""
    data, description = made.data.copy(), made.description
    arrays = {}
    for name, (start, *shape) in description["arrays"].items():
        dtype = KINDS[name]
        size = int(np.prod(shape)) * dtype.itemsize
        arrays[name] = data[start : start + size].view(dtype).reshape(shape)
    mem = Memory(**arrays)
    room = interpreter.Room(
        moves=np.zeros(FRAMES, layout.migration),
        control=np.zeros(1, layout.compact_control),
        taken=np.zeros(FRAMES, np.int64),
        born=np.array([description["processes"]]),
    )
    results = np.zeros(len(script), np.int64)
    interpreter.run_rows(mem, room, script, 0, 0, len(script), results)
    cells = np.zeros(FRAMES, np.uint8)
    look_at_frames(mem, cells)
    moves = room.moves[: room.control["nr_moves"][0]]
    return {
        "results": results.tolist(),
        "digest": hashlib.sha256(data).hexdigest(),
        "cells": cells.tolist(),
        "moves": [[int(m["old"]), int(m["new"])] for m in moves if m["rc"] == 0],
    }


MACHINE = Machine(frames=FRAMES, page_bytes=False, log=False)
KINDS = {name: array.dtype for name, array in MACHINE.state.mem._asdict().items()}


def test_a_hundred_thousand_operations_leave_the_memory_of_native_code(node):
    half = OPERATIONS // 2
    cases, native = [], []
    for seed in (1, 2):
        script = random_script(half, seed)
        made = image(
            Machine(frames=FRAMES, page_bytes=False, log=False),
            processes=2,
            pages=700,
            objects=half,
        )
        native.append(natively(made, script))
        given = {"image": packed(made.data), "description": made.description}
        pieces = [1, half // 3, 17, len(script)]  # forwards, back, and to the end
        cases.append(("machine", given | {"rows": script.tolist(), "pieces": pieces}))
    assert node(*cases) == native
    assert any(each["moves"] for each in native)
    assert any(result > 0 for result in native[0]["results"])


def test_an_image_is_the_machine_it_was_made_of(node):
    machine = stubborn.machine(series=True)
    made = image(machine)
    given = {"image": packed(made.data), "description": made.description, "pieces": [0]}
    (found,) = node(("machine", given | {"rows": []}))
    assert found["cells"] == frame_cells(machine.state).tolist()
    assert made.description["frames"] == stubborn.FRAMES


def test_a_machine_with_page_bytes_is_refused():
    with pytest.raises(ValueError, match="page_bytes=False"):
        image(Machine(frames=64, log=False))
