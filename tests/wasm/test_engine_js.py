"""The module under V8, through `zbudlab/wasm/engine.js`: golden traces, and native memory.

Also tests `wasm/image.py` and `wasm/page_entries.py`.
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

from scripts import live
from tests.wasm.traces import expected, traces
from zbudlab import layout
from zbudlab.driver import calls
from zbudlab.experiments import interpreter
from zbudlab.experiments import script as ops
from zbudlab.lessons import stubborn
from zbudlab.machine import Machine
from zbudlab.mm.inspection import frame_cells, look_at_frames
from zbudlab.mm.mem import Memory
from zbudlab.races import actors
from zbudlab.view.standalone import acts
from zbudlab.wasm import build, builder
from zbudlab.wasm.image import MOST_BYTES, image

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node"),
]
ENGINE = Path(builder.__file__).with_name("engine.js")
FRAMES = 2048
OPERATIONS = 10**5


def packed(data):
    return base64.b64encode(gzip.compress(bytes(data), 1)).decode()


def under_node(folder, module):
    """A function that runs cases under Node with a module."""
    script = folder / "script.mjs"
    own = Path(__file__).with_name("script.mjs").read_text("utf-8")
    script.write_text(ENGINE.read_text("utf-8") + own, "utf-8")
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


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """Runs cases under Node."""
    return under_node(tmp_path_factory.mktemp("node"), build())


@pytest.fixture(scope="module")
def page_node(tmp_path_factory):
    """Runs cases under Node with the module of the live pages."""
    return under_node(tmp_path_factory.mktemp("node"), build(builder.PAGE_ENTRIES))


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


def opened(made):
    """A copy of an image's bytes, and its arrays."""
    data, arrays = made.data.copy(), {}
    for name, (start, *shape) in made.description["arrays"].items():
        dtype = KINDS[name]
        size = int(np.prod(shape)) * dtype.itemsize
        arrays[name] = data[start : start + size].view(dtype).reshape(shape)
    return data, Memory(**arrays)


def room_of(made):
    frames = made.description["frames"]
    return interpreter.Room(
        moves=np.zeros(frames, layout.migration),
        control=np.zeros(1, layout.compact_control),
        taken=np.zeros(frames, np.int64),
        born=np.array([made.description["processes"]]),
    )


def natively(made, script):
    """What the script leaves on an image in native code: results, bytes, cells, moves."""
    data, mem = opened(made)
    room = room_of(made)
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


def test_a_machine_with_too_many_page_bytes_is_refused():
    with pytest.raises(ValueError, match="page_bytes=False"):
        image(Machine(frames=MOST_BYTES // layout.PAGE_SIZE + 1, log=False))


# --- calls of the live map: CMA, and a move step by step ------------------------------------------

CMA, RANGE = 1024, 9
MOVED = [0] * 9  #: what the steps of a move answer


class Landing:
    """The machine of the landing page in native code: the workload, then calls."""

    def __init__(self):
        self.script = live.workload()
        self.script[self.script[:, 0] == ops.MOVABLE, 1] = 1
        machine = Machine(frames=live.MAP_FRAMES, cma_pages=CMA, page_bytes=False, log=False)
        sizes = {"processes": live.PROGRAMS, "pages": live.PROGRAMS * live.PAGES}
        self.made = image(machine, **sizes, objects=live.OBJECTS)
        self.data, self.mem = opened(self.made)
        self.room = room_of(self.made)
        self.results = np.zeros(len(self.script), np.int64)
        interpreter.run_rows(self.mem, self.room, self.script, 0, 0, len(self.script), self.results)
        area, bitmap, bits = self.made.description["cma"]
        size = layout.cma_area.itemsize
        self.area = self.data[area : area + size].view(layout.cma_area)
        self.bitmap = self.data[bitmap : bitmap + bits]

    def alloc(self, count, align):
        where = self.mem, self.area, self.bitmap, self.room.moves, self.room.control
        return int(calls.cma_alloc.py_func(*where, count, align))

    def release(self, pfn, count):
        return int(calls.cma_release.py_func(self.mem, self.area, self.bitmap, pfn, count))

    def first_pool_page(self):
        cells = np.zeros(live.MAP_FRAMES, np.uint8)
        look_at_frames(self.mem, cells)
        return int(np.flatnonzero(np.isin(cells & layout.FRAME_KIND_MASK, layout.POOL_KINDS))[0])

    def move(self, pfn):
        table = acts.mover()
        table["pfn"] = pfn
        actors.prepare(table)
        slots = np.zeros(1, layout.race_slot)
        answers = [int(actors.perform(self.mem, table, slots, 0)) for _ in MOVED]
        return answers, [int(table[0][name]) for name in ("pc", "pfn", "new", "failed")]


def test_cma_and_a_stepped_move_are_native_and_can_be_taken_back(page_node):
    native = Landing()
    first = len(native.script)
    results = [native.alloc(1 << RANGE, RANGE), native.alloc(1 << RANGE, RANGE)]
    results.append(native.alloc(1 << RANGE, RANGE))
    results.append(native.release(results[0], 1 << RANGE))
    pfn = native.first_pool_page()
    answers, actor = native.move(pfn)
    rows = [
        *native.script.tolist(),
        *[["cmaAlloc", 1 << RANGE, RANGE]] * 3,
        ["cmaRelease", first],
        ["moveBegin", pfn],
        *[["moveOn"]] * len(MOVED),
    ]
    given = {"image": packed(native.made.data), "description": native.made.description}
    given["actor"] = base64.b64encode(acts.mover().tobytes()).decode()
    back = [first + 7, 17, first + 1, 3000, 0, first + 4]
    (found,) = page_node(("live", given | {"rows": rows, "back": back}))
    assert found["results"][:first] == native.results.tolist()
    assert found["results"][first:] == [*results, pfn, *answers]
    assert min(results[:2]) >= live.MAP_FRAMES - CMA
    assert results[2] == -layout.ENOMEM
    assert found["move"] == actor
    assert answers == MOVED
    assert actor[0] == -1
    assert actor[3] == 0
    assert found["digest"] == hashlib.sha256(native.data).hexdigest()
    assert found["same"] == [True] * (len(back) + 1)
    assert found["keyframes"] > 2
