"""A machine under pressure in a page is the native one, to the byte.

Also tests `wasm/panel_entries.py`.
"""

import gzip
import json
import shutil
import subprocess
from base64 import b64decode
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from zbudlab.lessons.scattered import scattered
from zbudlab.machine.errors import MachineError
from zbudlab.mm.inspection import frame_kinds
from zbudlab.mm.state import grown
from zbudlab.view import Panel, panel_blocks, panel_form
from zbudlab.view.standalone import page as pages
from zbudlab.view.standalone import panel
from zbudlab.view.standalone.kinds import KINDS
from zbudlab.wasm import build, builder
from zbudlab.workload.pressure import COLUMNS

UNDER_NODE = Path(__file__).with_name("panel_under_node.mjs")
FRAMES, STEPS, LARGE = 2048, 30, 1 << 16
CHANGES = {5: {"working_set": 160}, 12: {"max_pool_percent": 40}, 20: {"movable": False}}
MOST = 60 * 1024  #: bytes of the module, compressed by gzip


@pytest.fixture(scope="module")
def told():
    return pages.Page().add(Panel(frames=FRAMES, seed=0)).data


@pytest.fixture(scope="module")
def blocks():
    """Machines whose blocks are named natively and in the page."""
    made = [scattered(movable=movable, frames=8192) for movable in (False, True)]
    for each in made[1:]:
        each.compact()
    return made


@pytest.fixture(scope="module")
def acted():
    """A panel with which a notebook did something."""
    made = Panel(frames=FRAMES, seed=0)
    made.step(5)
    made.change(working_set=160)
    made.step()
    made.compact()
    return made


@pytest.fixture(scope="module")
def run(told, acted, blocks, tmp_path_factory):
    """What the page's scripts do under Node."""
    if shutil.which("node") is None:
        pytest.skip("there is no Node")
    kind = KINDS["Panel"]
    scripts = [pages.runtime(), Path(builder.__file__).with_name("engine.js").read_text("utf-8")]
    scripts += [(Path(pages.__file__).parent / name).read_text("utf-8") for name in kind.scripts]
    script = tmp_path_factory.mktemp("panel") / "panel.mjs"
    script.write_text("\n".join([*scripts, UNDER_NODE.read_text("utf-8")]), "utf-8")
    module = build(builder.PANEL_ENTRIES)
    given = {
        "told": told,
        "acted": pages.Page().add(acted).data,
        "large": pages.Page().add(Panel(frames=LARGE, seed=0)).data,
        "engine": {"module": pages.packed_bytes(module.code), "description": module.description},
        "steps": STEPS,
        "changes": CHANGES,
        "blocks": [
            {
                "kinds": frame_kinds(machine.state).tolist(),
                "movable": bool(machine.state.zone["zpool_movable"]),
                "huge": huge,
            }
            for machine in blocks
            for huge in (0, 1, 3)
        ],
    }
    text = json.dumps(given)
    done = subprocess.run(["node", script], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def operated(machine, operations):
    """Do operations of the driver natively; return the first errno, or 0."""
    for code, process, *given in operations:
        try:
            if code == "RUN_WRITE_LENGTHS":
                machine.write(process, given[0], np.array(given[1:], np.int32))
            else:
                machine.touch(process, given[1:], write=bool(given[0]))
        except MachineError as error:
            return -error.errno
    return 0


def taken(machine, order, kind):
    try:
        return machine.alloc_pages(order, kind.removeprefix("MIGRATE_").lower())
    except MachineError as error:
        return -error.errno


def setting(machine, record, _array, name, value):
    if record == "zswap":
        machine.set_max_pool_percent(value)
    else:
        machine.set_zbud_movable(bool(value))


def created(machine, process, pages):
    """Start a process whose page table entries are where the page puts them."""
    machine.state._new_range = lambda _pages: process * pages
    assert machine.create_process(pages) == process


def with_room(machine, pages):
    """Give a machine all page table entries that the page's has; none are handed out again."""
    state = machine.state
    state.ptes, state.lengths = grown(state.ptes, pages), grown(state.lengths, pages)
    state.free_range = lambda *_: None
    return machine


DO = {
    "operate": operated,
    "take": taken,
    "put": lambda machine, pfn: machine.free_pages(pfn),
    "create": created,
    "exit": lambda machine, process: machine.exit(process),
    "rescan": lambda machine: machine.rescan(),
    "compact": lambda machine: machine.compact(),
    "set": setting,
}


@pytest.mark.node
def test_the_same_calls_leave_the_same_memory_natively(run, told):
    programs = told["programs"]
    machine = Panel(frames=FRAMES, seed=0).machine
    with_room(machine, programs["most"] * programs["pages"])
    for name, given, result in run["calls"]:
        got = DO[name](machine, *given)
        if name in ("operate", "take"):
            assert got == result
    assert machine.swap.counters()["stored_pages"] > 0
    memory = gzip.decompress(b64decode(run["memory"]))
    for name, array in machine.state.mem._asdict().items():
        start = run["arrays"][name][0]
        own = np.ascontiguousarray(array).view(np.uint8).reshape(-1)
        there = np.frombuffer(memory, np.uint8, len(own), start)
        assert np.array_equal(there, own), name


@pytest.mark.node
def test_it_goes_through_pressure(run):
    rows = {name: [row[at] for row in run["rows"]] for at, name in enumerate(COLUMNS)}
    assert rows["step"][-1] == STEPS - STEPS // 9
    assert max(rows["pool"]) > FRAMES * 0.2
    assert max(rows["from zswap"]) > 0
    assert max(rows["moved"]) > 0
    names = {name for name, _, _ in run["calls"]}
    assert names == set(DO)
    takes = [result for name, _, result in run["calls"] if name == "take"]
    assert min(takes) < 0 <= max(takes)


@pytest.mark.node
def test_blocks_are_described_as_natively(run, blocks):
    expected = [panel_blocks.told(machine, huge) for machine in blocks for huge in (0, 1, 3)]
    assert run["words"] == expected


@pytest.mark.node
def test_an_answer_has_what_the_panel_shows(run, told):
    message, sizes = run["heard"]
    assert sizes == [4 * len(COLUMNS), FRAMES]
    assert message["error"] == ""
    assert message["settings"]["working_set"] == 160
    assert [words for _, words in message["events"]] == [
        "programs use more",
        "larger pool",
        "zbud cannot move",
        "compact",
    ]
    assert message["said"]["max_pool_percent"] == "40 % of memory"
    assert {spec["name"] for spec in told["form"]} >= {"working_set", "max_pool_percent", "movable"}


@pytest.mark.node
def test_it_goes_back_in_time_and_on_again(run):
    assert run["travels"] == [
        *([to, True, True] for to in (11, 12, STEPS - 1, 0, 7)),
        [STEPS, True, True],
        [STEPS - 2, True, True],
    ]


@pytest.mark.node
def test_it_does_what_the_notebook_did(run, acted):
    replayed = run["replayed"]
    assert replayed["before"]["working_set"] != 160
    assert replayed["settings"] == asdict(acted.pressure)
    assert replayed["done"] == len(acted.done) == 8
    assert replayed["step"] == 6
    assert replayed["words"] == ["programs use more", "compact"]
    assert replayed["folded"] == panel_form.folded(acted.pressure)
    assert "of 2,048 frames free" in replayed["summary"]


def test_what_was_done_for_long_is_not_repeated(monkeypatch, acted):
    assert panel.REPEATED in pages.Page().add(acted).data["fixed"]
    monkeypatch.setattr(panel, "MOST_ACTS", 7)
    told = pages.Page().add(acted).data
    assert told["done"] == []
    assert panel.NOT_REPEATED in told["fixed"]


@pytest.mark.node
def test_a_machine_of_65536_frames_runs_in_a_memory_that_grows(run):
    large = run["large"]
    assert large["frames"] == LARGE
    assert large["row"]["step"] == 3
    assert large["row"]["programs"] > 0
    assert sum(large["row"][f"free {order}"] for order in range(11)) < LARGE
    assert large["grew"] > 0
    assert large["small"]  # the machine that was there before is not changed


def test_the_module_is_small():
    assert len(gzip.compress(build(builder.PANEL_ENTRIES).code, 9)) <= MOST


def test_a_machine_that_is_too_large_for_a_page_is_refused():
    with pytest.raises(ValueError, match="at most 65536 frames"):
        Panel(frames=1 << 17).to_html()
