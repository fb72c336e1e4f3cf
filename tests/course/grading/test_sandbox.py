"""The grading sandbox: what it can do, what it has, and what it says of the rest.

Also tests `course/grading/seccomp.py` and `course/probes/imports.py`.
"""

import ast
import errno
import json
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.course.handed_in import ROOT, as_user, environment
from zbudlab.course.contract import EXERCISES
from zbudlab.course.grading import copies, seccomp
from zbudlab.course.grading.copies import copied, stripped_copy
from zbudlab.course.grading.notebook import cells_to_run, read, released
from zbudlab.course.grading.sandbox import CannotStart, Sandbox, bubblewrap
from zbudlab.course.probes import trouble
from zbudlab.course.probes.cells import fresh_names, run
from zbudlab.course.probes.imports import MODULES, PACKAGE, is_idle, refusal

isolated = pytest.mark.isolation
needs_bwrap = pytest.mark.skipif(shutil.which("bwrap") is None, reason="there is no bubblewrap")

#: Calls each of these numbers with arguments that would fail anyway; answers with the errors.
CALLS = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def errors(numbers):
    found = []
    for number in numbers:
        ctypes.set_errno(0)
        libc.syscall(ctypes.c_long(number), *[ctypes.c_long(-1)] * 6)
        found.append(ctypes.get_errno())
    return found
"""

#: Prints what the kernel says of the worker in a sandbox.
STATUS = """
import sys, tempfile
from pathlib import Path
import psutil
from zbudlab.course.grading.copies import stripped_copy
from zbudlab.course.grading.sandbox import Sandbox, bubblewrap
with tempfile.TemporaryDirectory() as folder:
    stripped_copy(Path(folder, "whole"), [])
    with Sandbox(Path(folder, "whole"), bubblewrap()) as sandbox:
        worker = psutil.Process(sandbox.process.pid).children(recursive=True)[-1]
        print(Path("/proc", str(worker.pid), "status").read_text())
"""

#: Imports all probes, then what every solution imports; prints the modules of zbudlab loaded.
LOADED = """
import importlib, json, sys
sys.path[:0] = [sys.argv[1], *sys.argv[3:]]
from zbudlab.course.probes import imports
from zbudlab.course.probes.cells import fresh_names, run
sys.meta_path.append(imports.Finder())
for name in imports.PACKAGE["course.probes"]:
    importlib.import_module("zbudlab.course.probes." + name)
for cells in json.load(open(sys.argv[2])):
    names = fresh_names()
    for cell in cells:
        run(cell, "cell", names)
print(json.dumps([name for name in sys.modules if name.partition(".")[0] == "zbudlab"]))
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A copy of the package that lacks no function."""
    package = tmp_path_factory.mktemp("copy") / "whole"
    stripped_copy(package, [])
    return package


def asked(sandbox, function, *arguments):
    """What a function in a sandbox answers."""
    case = {"function": function, "arguments": arguments}
    request = {"probe": "basic.call", "functions": [function], "plugs": {}, "others": {}}
    return sandbox.ask(request | {"case": case}, 20)["answer"]


@isolated
@needs_bwrap
class TestRights:
    @pytest.mark.parametrize("name", ["root", "ordinary user"])
    def test_no_capability_is_left(self, name):
        user = as_user(name)
        if user is None:
            pytest.skip("there is no unshare")
        done = subprocess.run(
            [*user, sys.executable, "-c", STATUS], env=environment(), capture_output=True, text=True
        )
        status = dict(line.split(":\t", 1) for line in done.stdout.splitlines() if ":\t" in line)
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(status[kind], 16) == 0, kind
        assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")

    def test_every_listed_call_is_refused_and_so_is_every_newer_one(self, whole):
        numbers = seccomp.numbers(platform.machine())
        new = [n for n in range(seccomp.FIRST_NEW, seccomp.FIRST_NEW + 99) if n not in (436,)]
        new = [n for n in new if n not in {*seccomp.ALLOWED_NEW, *numbers.values()}]
        with Sandbox(whole, bubblewrap()) as sandbox:
            assert sandbox.ask({"cells": [CALLS]}, 20) == {"troubles": [""]}
            answers = asked(sandbox, "errors", list(numbers.values()))
            assert dict(zip(numbers, answers, strict=True)) == dict.fromkeys(numbers, errno.EPERM)
            assert set(asked(sandbox, "errors", new)) == {errno.ENOSYS}

    def test_the_filter_covers_what_the_kernel_can_mount_by(self):
        mounting = {*range(428, 434), 442, 467}
        for machine in seccomp.PROCESSORS:
            assert mounting <= set(seccomp.numbers(machine).values())


class TestCopies:
    def test_a_new_module_is_not_copied_unless_it_is_listed(self, tmp_path, monkeypatch):
        package = tmp_path / "zbudlab"
        shutil.copytree(ROOT / "zbudlab", package, ignore=shutil.ignore_patterns("__pycache__"))
        for folder in ("", "mm", "machine", "course", "course/probes", "newpackage"):
            (package / folder).mkdir(exist_ok=True)
            (package / folder / "answers_to_all.py").write_text("ANSWER = 42\n")
        monkeypatch.setattr(copies, "PACKAGE", package)
        stripped_copy(tmp_path / "copy", [])
        found = {p.relative_to(tmp_path / "copy") for p in (tmp_path / "copy").rglob("*.py")}
        listed = {Path("zbudlab", path) for path in copied()}
        packages = ("zbudlab/course/__init__.py", "zbudlab/races/__init__.py")
        written = (*packages, "zbudlab/jit.py", "worker.py")
        assert found == listed | set(map(Path, written))
        monkeypatch.setitem(PACKAGE, "mm", (*PACKAGE["mm"], "answers_to_all"))
        stripped_copy(tmp_path / "again", [])
        assert [p.parent.name for p in (tmp_path / "again").rglob("answers_to_all.py")] == ["mm"]

    def test_what_is_listed_is_what_probes_and_solutions_import(self, whole, tmp_path):
        cells = [
            cells_to_run(
                read((ROOT / "solutions" / name / f"{name}.ipynb").read_bytes()), released(name)
            )
            for name in EXERCISES
        ]
        (tmp_path / "cells.json").write_text(json.dumps(cells), "utf-8")
        libraries = [path for path in sys.path if "site-packages" in path]
        line = [sys.executable, "-I", "-S", "-B", "-c", LOADED, whole, tmp_path / "cells.json"]
        done = subprocess.run([*line, *libraries], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        loaded = {name for name in json.loads(done.stdout) if not is_idle(name)}
        assert loaded == MODULES


def used_of_jit(path):
    """The names of `zbudlab.jit` that a module uses."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "zbudlab.jit":
            yield from (name.name for name in node.names)
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "jit":
            yield node.attr


def test_the_sandboxs_jit_has_what_modules_use(whole):
    there = ast.parse((whole / "zbudlab" / "jit.py").read_text("utf-8")).body
    names = {node.name for node in there if isinstance(node, ast.FunctionDef)}
    names |= {t.id for n in there if isinstance(n, ast.Assign) for t in n.targets}
    names |= {n.target.id for n in there if isinstance(n, ast.AnnAssign)}
    used = {name for path in (whole / "zbudlab").rglob("*.py") for name in used_of_jit(path)}
    assert used <= names
    assert len(used) > 5


@isolated
@needs_bwrap
def test_a_machine_does_not_depend_on_how_busy_this_computer_is(whole):
    cell = "from zbudlab.io.files import host_memory\ndef free():\n    return host_memory()"
    with Sandbox(whole, bubblewrap()) as sandbox:
        assert sandbox.ask({"cells": [cell]}, 20) == {"troubles": [""]}
        free = asked(sandbox, "free")
    assert 512 << 20 < free <= copies.MEMINFO["MemAvailable"] << 10


class TestStart:
    def test_a_sandbox_that_does_not_start_is_nobodys_zero(self, whole, tmp_path):
        shutil.copytree(whole, tmp_path / "broken")
        (tmp_path / "broken" / "worker.py").write_text("raise SystemExit(3)")
        with pytest.raises(CannotStart, match="exit code 3"):
            Sandbox(tmp_path / "broken", None)

    def test_it_leaves_no_process(self, whole):
        with Sandbox(whole, None) as sandbox:
            assert psutil.pid_exists(sandbox.process.pid)
        assert not psutil.pid_exists(sandbox.process.pid)


@isolated
@needs_bwrap
class TestImports:
    @pytest.mark.parametrize(
        ("cell", "says"),
        [
            ("import numba", refusal("numba")),
            ("from numba import njit", refusal("numba")),
            ("import zbudlab.workload", refusal("zbudlab.workload")),
            ("from zbudlab import workload", refusal("zbudlab.workload")),
            ("from zbudlab.course import checking", refusal("zbudlab.course.checking")),
            ("import pandas as pd\nx = pd.DataFrame([1]).sum() + 1", refusal("pandas")),
            ("from scipy.stats import bootstrap\nx = float(bootstrap([1]).low)", refusal("scipy")),
            ("import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1])", ""),
            ("import pandas as pd\nprint(f'{pd.DataFrame([1]).mean():.2f}')", ""),
            ("from zbudlab.view import Player\nPlayer(1).show()", ""),
            ("from zbudlab import Machine, view\nview.x()", ""),
            ("import zbudlab.machine, numpy as np, json, os.path", ""),
            ("import asyncio\nawait asyncio.sleep(0)\nx = await asyncio.sleep(0, 3)", ""),
            ("get_ipython().run_line_magic('matplotlib', 'inline')", ""),
            ("%time x = 7\nassert x == 7\n%matplotlib inline", ""),
            ("%%time\nx = 8\nassert x == 8", ""),
            ("files = !ls\nassert files is None\ny = %time 5\nassert y == 5", ""),
        ],
    )
    def test_a_cell_is_told_the_same_here_and_there(self, whole, cell, says):
        with Sandbox(whole, bubblewrap()) as sandbox:
            (there,) = sandbox.ask({"cells": [cell]}, 20)["troubles"]
        try:
            run(cell, "cell", fresh_names())
            here = ""
        except Exception as error:
            here = trouble(error)
        assert here == there
        assert there.partition(": ")[2] == says
