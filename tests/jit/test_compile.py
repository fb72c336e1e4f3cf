"""Compiled and plain agree; hot loops count no references; the cache notices every edit.

Also tests `cli/first_use.py`, `jit/cache.py`, `jit/indices.py`, `jit/intrinsics.py` and
`warmup.py`.
"""

import contextlib
import inspect
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from tests.jit_script import NAMES, Script
from zbudlab import jit, layout
from zbudlab.cli import first_use
from zbudlab.jit import cache
from zbudlab.mm import (
    bootmem,
    inspection,
    page_alloc,
    zbud,
    zbud_check,
)
from zbudlab.mm.state import State
from zbudlab.races import oracles

ROOT = Path(__file__).parents[2]


def ran_plain(call):
    """The kernels that ran as plain Python while `call` did."""
    codes = {compiled.py_func.__code__: name for name, compiled in jit.KERNELS.items()}
    seen = set()

    def line(frame, event, _):  # numba reports the calls of compiled functions, too: no line runs
        if event == "line":
            seen.add(codes[frame.f_code])

    before = sys.gettrace()
    sys.settrace(lambda frame, event, _: line if frame.f_code in codes else None)
    try:
        call()
    finally:
        sys.settrace(before)
    return seen


@pytest.fixture(scope="module")
def compiled_outcome():
    return {turns: Script().play(turns).outcome() for turns in (12, 400)}


def test_compiled_and_plain_leave_the_same_bytes(compiled_outcome):
    with jit.uncompiled(jit.KERNELS), np.errstate(all="raise"):
        played = []
        seen = ran_plain(lambda: played.append(Script().play(400)))
    assert played[0].faults == [(0, 0)] * 4
    assert played[0].outcome() == compiled_outcome[400]
    assert set(NAMES) - seen == set()


@pytest.mark.parametrize("name", NAMES)
def test_one_plain_function_among_compiled_ones_changes_nothing(name, compiled_outcome):
    with jit.uncompiled([name]), np.errstate(all="raise"):
        outcome = Script().play(12).outcome()
    assert outcome == compiled_outcome[12]


# --- replacing ---------------------------------------------------------------------------------


def small_pool():
    state = State(64, pageblock_order=4)
    bootmem.free_pages_memory(state.mem, 0, 64)
    state.create_pool(0, layout.ZBUD_PLAIN)
    return state


def alloc(state, size=100):
    return zbud.zbud_alloc(state.mem, 0, size, layout.MIGRATE_UNMOVABLE)


def refuse(*arguments):
    return -layout.EPERM


def test_a_users_function_is_what_callers_get():
    state = small_pool()
    with jit.replaced({"zbud_alloc": refuse}):
        assert alloc(state) == -layout.EPERM
    assert alloc(state) > 0


def test_a_function_deep_below_is_reached_from_above():
    state = small_pool()
    with jit.replaced({"alloc_pages": refuse}):
        assert alloc(state) == -layout.EPERM
    assert state.pools[0]["pages_nr"] == 0


def test_a_users_function_reads_fields_as_compiled_code_does():
    state = small_pool()
    seen = []

    def counting(zone, pages, order, migratetype):
        seen.append((zone.nr_free_pages, pages[0].order, order))
        return compiled(zone.view(np.ndarray), pages.view(np.ndarray), order, migratetype)

    compiled = page_alloc.rmqueue_smallest
    with jit.replaced({"page_alloc.rmqueue_smallest": counting}):
        alloc(state)
    assert seen[0] == (64, 6, 0)


def test_only_the_way_to_the_function_runs_plain():
    state = small_pool()
    handles = []

    def use():
        handles.append(alloc(state))
        zbud.zbud_free(state.mem, 0, handles[0])

    with jit.uncompiled(["page_alloc.alloc_pages"]):
        seen = ran_plain(use)
    assert seen == {"page_alloc.alloc_pages", "zbud.zbud_alloc"}
    assert ran_plain(use) == set()


def test_a_field_that_has_a_kernels_name_is_no_call():
    names = zbud.zbud_isolate_page.py_func.__code__.co_names
    assert inspection.mark_isolated.py_func.__name__ in names  # a rule of the profile
    compiled = zbud.zbud_isolate_page
    with jit.uncompiled(["inspection.mark_isolated"]):
        assert zbud.zbud_isolate_page is compiled
        assert inspection.look_at_frames is not jit.KERNELS["inspection.look_at_frames"]


def test_a_kernel_called_by_another_name_is_replaced_too():
    compiled = jit.KERNELS["oracles.end_fault"]  # calls it as `zswap_fault`
    with jit.replaced({"zswap_check.first_fault": lambda mem: (1, 2)}):
        assert oracles.zswap_fault("mem") == (1, 2)
        assert oracles.end_fault is not compiled
    assert oracles.end_fault is compiled


def test_kernels_name_each_other_by_global_variables_only():
    others = []
    for name, compiled in jit.KERNELS.items():
        known = inspect.getclosurevars(compiled.py_func)
        modules = {each.__name__ for each in known.globals.values() if inspect.ismodule(each)}
        kernels = [each for each in known.nonlocals.values() if hasattr(each, "py_func")]
        others += [name] * bool(modules - {"numpy"} or kernels)
    assert others == []


def test_everything_is_restored_whatever_happens():
    before = dict(vars(zbud)), dict(vars(page_alloc))
    with contextlib.suppress(KeyError), jit.replaced({"alloc_pages": refuse}):
        assert zbud.alloc_pages is not jit.KERNELS["page_alloc.alloc_pages"]
        raise KeyError
    assert (dict(vars(zbud)), dict(vars(page_alloc))) == before
    assert alloc(small_pool()) > 0


def test_a_second_replacement_is_refused_and_harms_nothing():
    state = small_pool()
    with jit.replaced({"alloc_pages": refuse}):
        with pytest.raises(RuntimeError, match="leave that block first"):
            jit.replaced({"zbud_free": refuse}).__enter__()
        assert alloc(state) == -layout.EPERM
    assert alloc(state) > 0
    with jit.replaced({"zbud_alloc": refuse}):
        assert alloc(state) == -layout.EPERM


def test_a_name_that_is_no_kernel_is_refused():
    with pytest.raises(ValueError, match=r"cannot replace 'zbud_aloc': there is no such kernel"):
        jit.replaced({"zbud_aloc": refuse})


def test_a_name_of_several_kernels_must_be_said_in_full():
    with pytest.raises(ValueError, match=r"radix_tree\.first_fault.*are meant"):
        jit.replaced({"first_fault": refuse})
    with jit.replaced({"zbud_check.first_fault": lambda *arguments: (1, 2)}):
        assert zbud_check.first_fault(small_pool().mem, 0) == (1, 2)


# --- what the compiler made of it --------------------------------------------------------------


def run_python(*arguments, cwd=ROOT, **environment):
    """What a fresh Python prints; variables set to None are taken out of its environment."""
    variables = {**os.environ, **environment}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={name: str(value) for name, value in variables.items() if value is not None},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def hot_loops(tmp_path_factory):
    empty = tmp_path_factory.mktemp("empty_cache")
    return json.loads(run_python("-m", "tests.hot_loops", NUMBA_CACHE_DIR=empty))


LOOPS = ["radix_lookup", "radix_lookup_batch", "churn", "buddy_churn", "compaction_scan"]


@pytest.mark.slow
@pytest.mark.parametrize("loop", LOOPS)
def test_a_hot_loop_counts_no_references(hot_loops, loop):
    made = hot_loops["compiled_into"][loop]
    assert made["lines"] > 100
    assert (made["NRT_incref"], made["lock"]) == (0, 0)


@pytest.mark.slow
def test_a_loop_that_counts_references_would_be_found(hot_loops):
    made = hot_loops["compiled_into"]["counting_references"]
    assert made["NRT_incref"] > 0
    if platform.machine() in ("x86_64", "AMD64"):
        assert made["lock"] > 0


@pytest.mark.slow
def test_kernels_answer_with_whole_numbers(hot_loops):
    assert hot_loops["not_whole"] == {}
    assert {"zbud.zbud_alloc", "page_alloc.expand"} <= set(hot_loops["kernels"])


@pytest.mark.slow
def test_a_kernel_is_not_compiled_again_for_each_constant(hot_loops):
    assert hot_loops["by_value"] == []


# --- the cache ---------------------------------------------------------------------------------

IS_FREE = """
import numpy as np
from zbudlab import jit, layout
from zbudlab.mm import page_alloc
pages = np.zeros(1, layout.page)
pages["mapcount"] = layout.PAGE_BUDDY_MAPCOUNT_VALUE
answer = page_alloc.is_free_block(pages, 0, 0)
hits = sum(page_alloc.is_free_block.stats.cache_hits.values())
print(int(answer), hits, jit.CACHE_DIRECTORY)
"""


@pytest.fixture
def package(tmp_path):
    """A copy of the package in a separate folder."""
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "zbudlab", tmp_path / "zbudlab", ignore=skipped)
    return tmp_path


def is_free(package, **environment):
    """What a fresh process with that copy finds: (answer, cache hits, its cache directory)."""
    environment = {"NUMBA_CACHE_DIR": None, "PYTHONPATH": package, **environment}
    answer, hits, folder = run_python("-c", IS_FREE, cwd=package, **environment).split()
    return int(answer), int(hits), Path(folder)


def test_an_edit_of_a_helper_in_another_file_is_seen(package):
    assert is_free(package)[:2] == (1, 0)
    answer, hits, folder = is_free(package)
    assert (answer, hits) == (1, 1)
    assert folder.is_relative_to(package / "zbudlab")
    helpers = package / "zbudlab" / "mm" / "page.py"
    text = helpers.read_text()
    edited = text.replace("page.mapcount == PAGE_BUDDY_MAPCOUNT_VALUE", "page.mapcount == 5")
    assert edited != text
    helpers.write_text(edited)
    answer, hits, other = is_free(package)
    assert (answer, hits) == (0, 0)
    assert other != folder


def test_where_neither_package_nor_home_can_be_written_it_works(package):
    (package / "zbudlab" / "__pycache__").write_text("a file, where a folder is wanted")
    temporary = package / "tmp"
    temporary.mkdir()
    answer, _, folder = is_free(package, HOME=os.devnull, USERPROFILE=os.devnull, TMPDIR=temporary)
    assert answer == 1
    assert folder.is_relative_to(temporary)
    assert list(temporary.iterdir()) == []


FORKED = """
import multiprocessing, os, sys
from zbudlab import jit
if os.fork() == 0:
    sys.exit()
os.wait()
worker = multiprocessing.get_context("fork").Process(target=int)
worker.start()
worker.join()
print(jit.CACHE_DIRECTORY.is_dir())
"""
SPAWNED = """
import multiprocessing

def has_folder():
    from zbudlab import jit
    return jit.CACHE_DIRECTORY.is_dir()

if __name__ == "__main__":
    with multiprocessing.get_context("METHOD").Pool(1) as pool:
        print(pool.apply(has_folder))
        pool.close()
        pool.join()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize(
    "script", [FORKED, *(SPAWNED.replace("METHOD", how) for how in ("spawn", "forkserver"))]
)
def test_a_folder_for_one_process_goes_with_that_process_and_no_other(package, script):
    (package / "zbudlab" / "__pycache__").write_text("a file, where a folder is wanted")
    (package / "script.py").write_text(script)
    nowhere = {"HOME": os.devnull, "USERPROFILE": os.devnull, "NUMBA_CACHE_DIR": None}
    with tempfile.TemporaryDirectory() as short:  # a server of forks puts its socket there
        there = run_python("script.py", cwd=package, PYTHONPATH=package, TMPDIR=short, **nowhere)
        assert there == "True\n"
        assert list(Path(short).glob("zbudlab-*")) == []


NOWHERE = """
import tempfile
def nowhere(**_):
    raise FileNotFoundError("no usable temporary directory")
tempfile.mkdtemp = nowhere
"""


def test_where_nothing_at_all_can_be_written_it_works_and_says_so(package, monkeypatch, capsys):
    (package / "zbudlab" / "__pycache__").write_text("a file, where a folder is wanted")
    nowhere = {"HOME": os.devnull, "USERPROFILE": os.devnull, "NUMBA_CACHE_DIR": None}
    found = run_python("-c", NOWHERE + IS_FREE, cwd=package, PYTHONPATH=package, **nowhere)
    assert found.split() == ["1", "0", "None"]
    monkeypatch.setattr(cache, "CACHE_DIRECTORY", None)
    first_use.say_if_first()
    assert "set NUMBA_CACHE_DIR to a folder" in capsys.readouterr().err


IMPORTED = """
import zbudlab.machine
from zbudlab.cli import first_use
first_use.say_if_first()
"""
MAPPED = """
from zbudlab.mm import page
print(bool(page.page_mapped(pages[0])))
"""


def test_who_waits_for_the_compiler_is_told_whenever_it_compiles_and_only_then(package):
    def said(script):
        alone = {"NUMBA_CACHE_DIR": None, "PYTHONPATH": package}
        with_errors = "import sys; sys.stderr = sys.stdout\n"
        return run_python("-c", with_errors + script, cwd=package, **alone).splitlines()

    (first,) = said(IMPORTED)
    assert first.startswith("compiling the engine, which may take a minute")
    assert f"is kept in {package / 'zbudlab' / '__pycache__' / 'numba-'}" in first
    assert said(IMPORTED + IS_FREE)[0] == first
    assert len(said(IMPORTED + IS_FREE)) == 1
    assert said(IMPORTED + IS_FREE + MAPPED)[1:] == [first, "False"]
    assert len(said(IMPORTED + IS_FREE + MAPPED)) == 2


def test_where_nothing_can_be_kept_the_warm_up_says_what_to_do(package):
    (package / "zbudlab" / "__pycache__").write_text("a file, where a folder is wanted")
    nowhere = {"HOME": os.devnull, "USERPROFILE": os.devnull, "NUMBA_CACHE_DIR": None}
    said = run_python("-m", "zbudlab.warmup", cwd=package, PYTHONPATH=package, **nowhere)
    assert "set NUMBA_CACHE_DIR to a folder" in said
    assert len(said.splitlines()) == 1


FIRST_USE = """
import sys
import zbudlab.machine
from zbudlab import jit
print(sum(len(compiled.nopython_signatures) for compiled in jit.KERNELS.values()))
zbudlab.Machine(frames=64)
print("scipy.linalg" in sys.modules)
import numba, numpy
print(numba.njit(lambda a: numpy.dot(a, a))(numpy.ones(3)))
"""


def test_the_first_use_loads_and_compiles_no_more_than_it_must():
    """Importing compiles nothing; the engine needs no linear algebra, and leaves it to others."""
    assert run_python("-c", FIRST_USE).split() == ["0", "False", "3.0"]


def test_where_the_package_cannot_be_written_home_has_the_cache(package):
    (package / "zbudlab" / "__pycache__").write_text("a file, where a folder is wanted")
    home = package / "home"
    home.mkdir()
    answer, _, folder = is_free(package, HOME=home, USERPROFILE=home)
    assert answer == 1
    assert folder.is_relative_to(home / ".cache" / "zbudlab")
    assert any(folder.rglob("*.nbc"))


def test_the_variable_comes_first_if_it_can_be_used(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert cache._cache_directory().parent == tmp_path
    monkeypatch.setenv("NUMBA_CACHE_DIR", os.devnull)
    assert cache._cache_directory().parent == cache.PACKAGE / "__pycache__"


def test_nobodys_home_is_no_obstacle(tmp_path, monkeypatch):
    def nowhere():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr(cache, "_usable", lambda folder: False)
    monkeypatch.setattr(Path, "home", nowhere)
    monkeypatch.setattr(cache.tempfile, "tempdir", str(tmp_path))
    assert cache._cache_directory().parent == tmp_path
