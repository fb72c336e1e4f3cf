"""A player that leaves its recording: the machine in the page is the native one, to the byte.

Also tests `view/standalone/acts.py` and `wasm/page_entries.py`.
"""

import gzip
import json
import shutil
import subprocess
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest

from zbudlab import layout, races
from zbudlab.driver import calls
from zbudlab.history import History
from zbudlab.history.changes import Moment, changes
from zbudlab.lessons import moving
from zbudlab.machine import Machine
from zbudlab.mm.inspection import frame_cells
from zbudlab.races import steps
from zbudlab.view import Player, structures
from zbudlab.view.standalone import acts, going_on
from zbudlab.view.standalone import page as pages
from zbudlab.view.standalone.kinds import KINDS
from zbudlab.view.step.scene import State, scene
from zbudlab.wasm import build, builder

UNDER_NODE = Path(__file__).with_name("going_on_under_node.mjs")
LAST = 9  #: operations of the notebook's log; the last one compacts
ORDER = 4  #: of the block that a driver takes
OLD = 0  #: the frame of the page that moves
STEPS = len(acts.STEPS)
NATIVELY = steps.compact_step.py_func


def notebooks():
    """The player of notebook 06."""
    moved = moving.three_pages()
    moved.compact()
    return Player(History(moved), stop=LAST)


def with_area():
    """A player of a machine with a CMA area that a driver can empty."""
    machine = Machine(frames=2048, cma_pages=1024, pageblock_order=ORDER, page_bytes=False)
    process = machine.create_process(150)
    machine.touch(process, range(150), write=True)
    for size in (1900, 700, 3000, 2500):
        machine.zbud_alloc(size)
    machine.zbud_free(2)
    return Player(History(machine), stop=3)


class Native:
    """What the page does, in native code."""

    def __init__(self, machine):
        self.machine, self.mem = machine, machine.state.mem

    def compact(self):
        self.machine.rescan()
        self.machine.compact()

    def drive(self):
        where = self.mem, self.machine.cma, self.machine.cma_bitmap
        room = self.machine.moves, self.machine.control
        calls.cma_alloc.py_func(*where, *room, 1 << ORDER, ORDER)

    def pin(self, pfn):
        self.machine.pin(pfn)

    def unpin(self, pfn):
        self.machine.unpin(pfn)

    def move(self, pfn, between=None):
        """Move a page; between: called after that many steps."""
        self.table = acts.mover()
        self.table["pfn"] = pfn
        for number in range(STEPS):
            if between and between[0] == number:
                between[1]()
            if self.table["pc"][0] < 0:
                return
            actor = self.table.view(np.recarray)[0]
            assert NATIVELY(self.mem, actor) == 0


#: Name -> player, moment that is left, acts in the page, the same natively.
CASES = {
    "moves": (
        notebooks,
        {"stop": LAST - 1},
        [["move", OLD]],
        lambda native: native.move(OLD),
    ),
    "pinned in the middle": (
        notebooks,
        {"stop": LAST - 1},
        [["move", OLD], ["inside", {"part": 4}], ["pin", OLD]],
        lambda native: native.move(OLD, (4, lambda: native.pin(OLD))),
    ),
    "from inside an operation": (
        notebooks,
        {"stop": LAST, "part": 7},
        [["pin", OLD], ["compact"], ["unpin", OLD], ["compact"]],
        lambda native: [native.pin(OLD), native.compact(), native.unpin(OLD), native.compact()],
    ),
    "taken back": (
        notebooks,
        {"stop": LAST - 1},
        [["move", OLD], ["compact"], ["go", {"stop": LAST - 1}], ["pin", 1], ["compact"]],
        lambda native: [native.pin(1), native.compact()],
    ),
    "CMA": (
        with_area,
        {"stop": 7},
        [["compact"], ["drive"]],
        lambda native: [native.compact(), native.drive()],
    ),
}


@pytest.fixture(scope="module")
def views():
    return {make: make() for make in (notebooks, with_area)}


@pytest.fixture(scope="module")
def recorded(views):
    return {make: pages.Page().add(view) for make, view in views.items()}


@pytest.fixture(scope="module")
def found(recorded, tmp_path_factory):
    """What the page's scripts do under Node, by the name of the case."""
    if shutil.which("node") is None:
        pytest.skip("there is no Node")
    made = build(builder.PAGE_ENTRIES)
    own = [pages.own_file(name) for name in KINDS["Player"].scripts]
    script = tmp_path_factory.mktemp("live") / "live.mjs"
    parts = [pages.runtime(), pages.engine(), *own, UNDER_NODE.read_text("utf-8")]
    script.write_text("\n".join(parts), "utf-8")
    cases = [
        {"told": recorded[make].data, "live": recorded[make].more, "from": at, "acts": done}
        for make, at, done, _ in CASES.values()
    ]
    module = {"module": pages.packed_bytes(made.code), "description": made.description}
    given = json.dumps({"module": module, "cases": cases})
    done = subprocess.run(["node", script], input=given, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return dict(zip(CASES, json.loads(done.stdout), strict=True))


@pytest.mark.node
@pytest.mark.parametrize("name", CASES)
def test_the_same_acts_leave_the_same_memory_natively(name, views, found):
    make, at, _, natively = CASES[name]
    history = views[make].history
    machine = history.machine_at(at["stop"] - ("part" in at))
    natively(Native(machine))
    history.leave()
    memory = gzip.decompress(b64decode(found[name]["memory"]))
    for array, own in machine.state.mem._asdict().items():
        start = found[name]["arrays"][array][0]
        data = np.ascontiguousarray(own).view(np.uint8).reshape(-1)
        there = np.frombuffer(memory, np.uint8, len(data), start)
        assert np.array_equal(there, data), array
    assert found[name]["cells"] == frame_cells(machine.state).tolist()


@pytest.mark.node
def test_each_step_of_a_move_is_drawn_as_natively(views, found):
    history = views[notebooks].history
    machine = history.machine_at(LAST - 1)
    moments = found["moves"]["moments"]
    assert len(moments) == STEPS + 1
    table, roles = acts.mover(), {OLD: "old"}
    table["pfn"] = OLD
    actor = table.view(np.recarray)[0]
    for moment in moments[1:]:
        before = State(machine, structures.pool_shown(machine)), Moment(machine)
        assert NATIVELY(machine.state.mem, actor) == 0
        if actor.new:
            roles[int(actor.new)] = "new"
        after = State(machine, structures.pool_shown(machine))
        changed = changes(before[1], Moment(machine))
        drawn = scene(after, before[0], changed, changed.total, roles)
        assert moment["scene"] == json.loads(json.dumps(drawn)), moment["sentence"]
    history.leave()
    assert moments[-1]["sentence"].endswith(f"and frame {OLD} is free.")


@pytest.mark.node
def test_a_page_that_is_pinned_in_the_middle_of_its_move_stays(found):
    moments = found["pinned in the middle"]["moments"]
    assert len(moments) == STEPS + 2
    assert "4 now" in moments[5]["sentence"]
    assert "-EAGAIN" in moments[7]["sentence"]
    assert moments[-1]["sentence"].startswith("put_page: the move is over: the page stays")
    assert found["pinned in the middle"]["pins"] == [OLD]
    assert found["moves"]["pins"] == []


@pytest.mark.node
def test_the_log_and_its_bar_go_on(found):
    heard = found["taken back"]["heard"]
    titles = [message["title"] for message in heard]
    assert f"operation {LAST} of {LAST}: pin(1)" in titles
    assert titles[-3].startswith(f"operation {LAST + 1} of {LAST + 1}: compact()")
    names = [name for name, _ in heard[-3]["track"]["steps"]]
    assert names == ["boot", *["zbud alloc"] * 3, "create process", "touch", *["zbud alloc"] * 2,
                     "exit", "pin", "compact"]  # fmt: skip
    assert heard[-3]["track"]["now"] == LAST + 1


@pytest.mark.node
def test_the_recording_comes_back_whole(found, recorded):
    told = recorded[notebooks].data
    last = found["moves"]["heard"][-1]
    moment = told["moments"][told["wholes"][LAST]]
    assert {name: last[name] for name in moment} == json.loads(json.dumps(moment))


@pytest.mark.node
def test_leaving_inside_an_operation_says_so(found):
    messages = [message["sentence"] for message in found["from inside an operation"]["heard"]]
    assert any(
        f"after operation {LAST - 1}." in said and "begins again" in said for said in messages
    )


def test_an_area_is_emptied_by_moves(found):
    assert "The driver has 16 frames in a row" in json.dumps(found["CMA"]["heard"])


def refused(view):
    return pages.Page().add(view).data["fixed"]


def test_machines_that_cannot_go_on_say_why():
    raced = races.explore_named("counter").play()
    assert refused(Player(raced)) == going_on.RACES
    machine = Machine(frames=128, page_bytes=False, profile="7.3")
    machine.rescan()
    assert refused(Player(machine)) == going_on.POOLS
    large = Machine(frames=2048)
    large.rescan()
    assert refused(Player(large)) == going_on.TOO_LARGE


def test_functions_of_a_student_stay_in_the_notebook():
    from zbudlab.mm import zbud

    moved = moving.three_pages()
    history = History(moved, functions={"zbud.zbud_alloc": zbud.zbud_alloc.py_func})
    assert refused(Player(history)) == going_on.FUNCTIONS


def test_modules_are_named_once():
    assert pages.MODULES == {"panel": builder.PANEL_ENTRIES, "page": builder.PAGE_ENTRIES}


def test_fields_of_records_can_be_read_in_the_page():
    for name, (record, _) in going_on.RECORDS.items():
        dtype = getattr(layout, record)
        array = getattr(Machine(frames=64, log=False).state, name)
        assert array.dtype == dtype
