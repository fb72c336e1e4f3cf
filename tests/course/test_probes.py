"""Probes: the same case gives the same answers compiled, plugged in, and plain in the sandbox.

Also tests `course/judging.py`, `course/grader_side.py`, `course/reasons.py`,
`course/probes/basic.py`, `course/probes/cells.py`, `course/probes/direct.py`,
`course/probes/e01_pages.py`, `course/probes/e02_buddy.py`, `course/probes/e03_radix.py`,
`course/probes/e06_migrate.py`, `course/probes/e08_experiment.py`, `course/probes/e09_races.py`,
`course/probes/e10_zsmalloc.py`, `course/probes/machines.py` and `course/probes/traces.py`.
"""

import shutil

import pytest

from zbudlab import jit
from zbudlab.course.checking import lost_frames
from zbudlab.course.contract import Ability, Exercise, Setting, exercise
from zbudlab.course.exercises.e09_races import UNMAP_CASES
from zbudlab.course.grading.copies import stripped_copy
from zbudlab.course.grading.sandbox import Ended, Sandbox, bubblewrap
from zbudlab.course.judging import Here, reference_functions
from zbudlab.course.probes import TOO_SLOW, Bench, e09_races, e10_zsmalloc
from zbudlab.course.reasons import failure
from zbudlab.mm import inspection
from zbudlab.races import oracles

SCRIPT = {
    "config": {"frames": 256, "pageblock_order": 4},
    "script": [
        ["create_process", 300],
        ["fill", 0, 0, 40, 1],
        ["touch", 0, 1, *range(40, 280)],
        *[["zbud_alloc", 3000]] * 12,
        *[["zbud_free", handle] for handle in (1, 3, 5, 99)],
        ["touch", 0, 0, *range(40)],
        ["exit", 0],
        ["compact", -1, 2, 1],
        ["zbud_free", 2],
    ],
    "see": ["zone", "zswap pool", "pool"],
    "finally": ["contents", "fault"],
}

MIGRATE = Ability(
    "moves", "moves", 1, "machines.script", ("zbud_migrate_page",), lambda setting: [SCRIPT]
)
TASK = Exercise(
    "e99_test", "", 30, (), (MIGRATE,), {"zbud_migrate_page": "zbud_migrate.zbud_migrate_page"}
)
ARGUMENTS = "zones, pages, blocks, pools, rows, nodes, frames, new, old"


def test_a_machine_answers_alike_compiled_and_with_a_plain_function():
    right = reference_functions(TASK)
    compiled = Here(TASK, right).observe(MIGRATE, SCRIPT)
    plain = jit.KERNELS["zbud_migrate.zbud_migrate_page"].py_func
    assert "answer" in compiled, compiled
    assert compiled == Here(TASK, {"zbud_migrate_page": plain}).observe(MIGRATE, SCRIPT)


def test_pages_that_a_wrong_function_loses_are_told():
    names = {}
    exec(f"def forgetful({ARGUMENTS}):\n    return 0\n", names)
    right, wrong = (
        Here(TASK, functions)
        for functions in (reference_functions(TASK), {"zbud_migrate_page": names["forgetful"]})
    )
    expected = right.observe(MIGRATE, SCRIPT)["answer"]
    found = failure(MIGRATE, SCRIPT, wrong.observe(MIGRATE, SCRIPT), expected)
    assert "compact -1 2 1" in str(found)
    assert lost_frames(wrong.bench.machine, right.bench.machine)
    assert not lost_frames(right.bench.machine, right.bench.machine)


def test_what_a_function_raises_is_the_last_answer():
    def broken(*arguments):
        raise IndexError("oh")

    answers = Here(TASK, {"zbud_migrate_page": broken}).observe(MIGRATE, SCRIPT)["answer"]
    assert answers[-1] == {"op": ["compact", -1, 2, 1], "error": "IndexError: oh"}


@pytest.mark.parametrize("name", ["e02_buddy", "e04_zbud", "e05_zswap", "e07_compaction"])
def test_direct_calls_answer_alike_compiled_and_plain(name):
    task = exercise(name)
    called = [(a, c) for a in task.abilities for c in a.visible(Setting()) if "calls" in c]
    kernels = {n: k for n, k in task.references.items() if isinstance(k, str)}
    plain = {n: jit.KERNELS[k].py_func for n, k in kernels.items()}
    assert called
    for ability, case in called:
        mine = {n: plain[n] for n in ability.functions}
        right = Here(task, reference_functions(task)).observe(ability, case)
        assert "answer" in right, (case["state"], right)
        assert Here(task, mine).observe(ability, case) == right


def test_a_direct_call_shows_what_a_machine_does_not():
    task = exercise("e05_zswap")
    ability = task.ability("invalidate")
    names = {"put": jit.KERNELS["zswap_entry.zswap_entry_put"]}
    exec("def zswap_invalidate_page(mem, slot):\n    put(mem, mem.slots[slot].entry, 1)", names)
    case = next(c for c in ability.visible(Setting()) if "while the page is read" in str(c))
    right = Here(task, reference_functions(task)).observe(ability, case)
    found = Here(task, names).observe(ability, case)
    assert found["answer"]["state"] != right["answer"]["state"]
    assert "while the page is read" in str(failure(ability, case, found, right["answer"]))


def test_other_functions_are_stood_in_for_and_come_back():
    names = {"__name__": "__main__"}
    exec("def helper():\n    return 'mine'\ndef tried():\n    return helper", names)
    mine = names["helper"]
    bench = Bench({"tried": names["tried"]}, {}, {"helper": "zbud_header.is_empty"})
    with bench.alone():
        assert names["tried"]() is jit.KERNELS["zbud_header.is_empty"]
    assert names["tried"]() is mine


def test_what_is_not_written_yet_is_stood_in_for():
    names = {"__name__": "__main__"}
    exec("def tried():\n    return later", names)
    bench = Bench({"tried": names["tried"]}, {}, {"later": "zbud_header.is_empty"})
    with bench.alone():
        assert names["tried"]() is jit.KERNELS["zbud_header.is_empty"]
    assert "later" not in names


def test_a_wrong_function_of_a_notebook_that_breaks_lists_raises():
    """The kernels that it calls run as plain Python, too: compiled, they would end the process."""
    names = {"__name__": "__main__", "handles": jit.KERNELS["zsmalloc_object.handle_to_obj"]}
    names["zspage_of"] = jit.KERNELS["zsmalloc_object.get_zspage"]
    exec("def zs_free(mem, number, handle):\n    zspage_of(mem, 1 << 60)\n", names)
    before = dict(names)
    case = {"trace": ["alloc 100", "free 1"]}
    task = exercise("e10_zsmalloc")
    found = Here(task, names).observe(task.ability("free"), case)["answer"]
    assert "IndexError" in found[-1]["error"]
    assert names == before


def test_a_memory_that_was_used_is_as_a_new_one_for_the_next_case():
    task = exercise("e10_zsmalloc")
    kernels = Here(task, reference_functions(task))
    for trace in (["alloc 2712"] * 40, ["alloc 1000", "lock 1", "free 1"]):
        kernels.observe(task.ability("free"), {"trace": trace, "frames": 32})
        again = inspection.arrays(e10_zsmalloc._as_created(8, 32))
        new = inspection.arrays(e10_zsmalloc._created(8, 32))
        assert {n: a.tobytes() for n, a in again.items()} == {
            n: a.tobytes() for n, a in new.items()
        }


@pytest.mark.isolation
@pytest.mark.skipif(shutil.which("bwrap") is None, reason="there is no bubblewrap")
def test_the_sandboxs_plain_machine_answers_as_the_compiled_one(tmp_path):
    stripped_copy(tmp_path / "whole", [])
    request = {"probe": MIGRATE.probe, "functions": [], "plugs": {}, "others": {}, "case": SCRIPT}
    with Sandbox(tmp_path / "whole", bubblewrap()) as sandbox:
        assert sandbox.ask({"cells": []}, 60) == {"troubles": []}
        plain = sandbox.ask(request, 60)
    assert plain == Here(TASK, reference_functions(TASK)).observe(MIGRATE, SCRIPT)


@pytest.mark.slow
def test_what_is_defined_after_slow_cells_is_there(tmp_path):
    stripped_copy(tmp_path / "whole", [])
    slow = "while True:\n    pass"
    cells = [*[slow] * 8, "def answer():\n    return 7"]
    request = {"probe": "basic.value", "functions": ["answer"], "plugs": {}, "others": {}}
    with Sandbox(tmp_path / "whole", None) as sandbox:
        assert sandbox.ask({"cells": cells}, 60)["troubles"] == [TOO_SLOW] * 8 + [""]
        assert sandbox.ask(request | {"case": {"name": "answer"}}, 60) == {"answer": 7}


def test_a_process_that_ends_is_told(tmp_path):
    stripped_copy(tmp_path / "whole", [])
    with Sandbox(tmp_path / "whole", None) as sandbox, pytest.raises(Ended, match="exit code 7"):
        sandbox.ask({"cells": ["import os\nos._exit(7)"]}, 60)


class Thorough(e09_races.World):
    """Clears every frame after every step, and looks at every pool in every moment."""

    def _scrub(self):
        oracles.scrub(self.mem, self.actors)

    def fault(self, moment):
        return int(oracles.state_fault(self.mem, self.actors))


@pytest.mark.parametrize("wrong", [{}, {"zbud.drop_while_mapped": lambda *given: None}])
def test_the_races_probe_leaves_out_only_what_changes_nothing(wrong):
    with jit.uncompiled(jit.KERNELS, wrong):
        found = []
        for world in (e09_races.World, Thorough):
            search = e09_races.Exploration(UNMAP_CASES[0], trusted=True, world=world)
            search.go_on()
            found.append(search.found())
    assert found[0] == found[1]
    assert bool(found[0]["faults"]) == bool(wrong)
