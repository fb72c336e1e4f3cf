"""The project's own files agree with each other, and what is built from them runs elsewhere.

Also tests `_version.py` and `course/copying.py`.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import zbudlab
from scripts import make_env, notebooks, provenance
from zbudlab.course import copy_course

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
MAIN_JOB = ["run", "--frames", "4096", "--json", "out.json"]


def requirements(texts):
    """Name -> version specifier, of dependency lines."""
    return {line.name: line.specifier for line in map(Requirement, texts)}


def run_outside(command, folder):
    """Run a program in a folder outside the tree, with nothing of the tree on its path."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


class TestVersion:
    def test_is_semantic(self):
        assert re.fullmatch(r"\d+\.\d+\.\d+", zbudlab.__version__)

    def test_citation_and_changelog_know_it(self):
        citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
        assert str(citation["version"]) == zbudlab.__version__
        assert f"## [{zbudlab.__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")

    def test_has_no_second_source_in_pyproject(self):
        assert "version" in PROJECT["dynamic"]
        assert "version" not in PROJECT


class TestEnvironments:
    def test_conda_has_the_dependencies_of_pyproject(self):
        listed = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
        conda = requirements(line for line in listed if isinstance(line, str))
        python = conda.pop("python")
        del conda["pip"]
        wanted = requirements(PROJECT["dependencies"])
        assert conda.keys() == wanted.keys()
        bounds = {name: bound for name, bound in conda.items() if bound}
        assert bounds == {name: wanted[name] for name in bounds}
        assert {spec.operator for spec in python} == {">=", "<"}
        assert SpecifierSet(PROJECT["requires-python"]) & python == python
        assert listed[-1] == {"pip": ["-e ."]}

    def test_make_and_the_package_take_the_same_versions_of_python(self):
        (oldest, refused) = (
            ".".join(map(str, v)) for v in (make_env.OLDEST, make_env.FIRST_REFUSED)
        )
        assert SpecifierSet(PROJECT["requires-python"]) == SpecifierSet(f">={oldest},<{refused}")

    def test_conda_is_pinned_where_pyproject_is(self):
        text = (ROOT / "environment.yml").read_text("utf-8")
        pinned = [line for line in PROJECT["dependencies"] if "==" in line]
        assert pinned
        assert all(line.replace("==", " ==") in text for line in pinned)

    def test_makefile_refuses_the_pythons_that_conda_refuses(self):
        listed = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
        bounds = requirements(line for line in listed if isinstance(line, str))["python"]
        for minor in range(9, 18):
            refused = bool(make_env.reason_not_to_start((3, minor), lambda _: True))
            assert refused == (f"3.{minor}" not in bounds)

    def test_a_missing_venv_is_named(self):
        reason = make_env.reason_not_to_start((3, 11), lambda name: name != "ensurepip")
        assert "python3-venv" in reason


class TestLock:
    def test_names_no_address_and_no_path(self):
        assert "://" not in LOCK
        assert not re.search(r"--(index-url|extra-index-url|find-links|trusted-host)", LOCK)
        comments = [line for line in LOCK.splitlines() if line.lstrip().startswith("#")]
        assert comments
        assert not [line for line in comments if "/" in line or ":\\" in line]

    def test_every_package_has_a_hash(self):
        packages = re.split(r"\n(?=[a-z0-9])", LOCK.strip())
        assert len(packages) > 100
        assert not [package for package in packages if "--hash=sha256:" not in package]

    def test_covers_what_pyproject_asks_for(self):
        locked = re.findall(r"^([a-z0-9.-]+)==([^ ]+)", LOCK, re.M)
        extras = PROJECT["optional-dependencies"]
        asked = PROJECT["dependencies"] + [
            line for extra, lines in extras.items() if extra != "lzo" for line in lines
        ]
        for name, bound in requirements(asked).items():
            versions = [version for package, version in locked if package == name]
            assert versions, f"{name} is not locked: make lock"
            assert all(version in bound for version in versions), f"{name}: make lock"

    def test_holds_on_the_first_python_3_11(self):
        """soupsieve 4.1 refuses Python before 3.11.5: a lock made for a later one fails there."""
        versions = re.findall(r"^soupsieve==(\S+)( ; python_full_version < '3.11.5')?", LOCK, re.M)
        assert not versions or any(marker or version < "4.1" for version, marker in versions)


class TestFiles:
    def test_data_has_its_checksums_and_its_origin(self):
        data = ROOT / "tests" / "data"
        assert provenance.differences(data) == []
        assert provenance.places_without_origin(data, ROOT / "PROVENANCE.md") == []

    def test_a_changed_lost_or_new_file_is_noticed(self, tmp_path):
        for name in ("changed", "lost", "same"):
            (tmp_path / name).write_text(name)
        (tmp_path / provenance.SUMS_NAME).write_text(provenance.sums_text(tmp_path))
        (tmp_path / "changed").write_text("differently")
        (tmp_path / "lost").unlink()
        (tmp_path / "new").write_text("new")
        assert [line.split()[0] for line in provenance.differences(tmp_path)] == [
            "new",
            "lost",
            "changed",
        ]

    @pytest.mark.parametrize(
        "path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem
    )
    def test_notebook_is_stored_as_make_notebooks_stores_it(self, path):
        assert notebooks.faults(path) == []


class TestCI:
    SKIPPED = """
import pytest

@pytest.mark.browser
@pytest.mark.skipif(True, reason="no Chromium here")
def test_needs_chromium(): ...

def test_needs_a_tuesday():
    pytest.skip("not today")
"""

    @pytest.mark.parametrize(
        ("ci", "code", "counts"), [("1", 1, "1 skipped, 1 error"), ("", 0, "2 skipped")]
    )
    def test_a_skipped_browser_test_is_a_failure_there_only(self, tmp_path, ci, code, counts):
        (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text("utf-8"))
        (tmp_path / "test_skipped.py").write_text(self.SKIPPED)
        command = [sys.executable, "-m", "pytest", "-q", "-W", "ignore", "-p", "no:cacheprovider"]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={**os.environ, "ZBUDLAB_CI": ci},
            capture_output=True,
            text=True,
        )
        assert done.returncode == code
        assert counts in done.stdout


class TestImport:
    def test_is_quick_and_brings_no_engine_along(self):
        code = "import sys, zbudlab; print([m for m in ('numba', 'numpy') if m in sys.modules])"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "[]"

    def test_names_are_there_when_asked_for(self):
        from zbudlab.machine import Machine, MachineConfig

        assert (zbudlab.Machine, zbudlab.MachineConfig) == (Machine, MachineConfig)
        assert {"Machine", "MachineConfig"} <= set(dir(zbudlab))

    def test_an_unknown_name_is_an_attribute_error(self):
        with pytest.raises(AttributeError, match="Motor"):
            _ = zbudlab.Motor


class TestCourse:
    def test_copies_every_notebook(self, tmp_path):
        written = copy_course(tmp_path / "course")
        names = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
        assert names
        assert names <= {path.name for path in written}
        assert all(path.is_file() for path in written)

    def test_keeps_what_is_there_and_says_so(self, tmp_path):
        first, *others = copy_course(tmp_path)
        first.write_text("my own notes")
        said = []
        assert copy_course(tmp_path, said.append) == []
        assert first.read_text() == "my own notes"
        assert all(path.stat().st_size for path in others)
        assert len(said) == 1
        assert str(first) in said[0]

    def test_a_file_in_the_way_is_refused(self, tmp_path):
        (tmp_path / "course").write_text("")
        with pytest.raises(NotADirectoryError, match="not a folder"):
            copy_course(tmp_path / "course")


@pytest.fixture(scope="module")
def installed_wheel(tmp_path_factory):
    """The commands folder of an empty environment with the wheel and, by path, what it needs."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    environment = folder / "environment"
    venv.create(environment, with_pip=True)
    commands = environment / ("Scripts" if os.name == "nt" else "bin")
    python = commands / ("python.exe" if os.name == "nt" else "python")
    run_outside([python, "-m", "pip", "install", "--no-index", "--no-deps", wheel], folder)
    purelib = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    site = Path(run_outside([python, "-c", purelib], folder).strip())
    # A path named in a .pth file is searched, but not its own .pth files: no editable zbudlab.
    needs = subprocess.run([sys.executable, "-c", purelib], capture_output=True, text=True).stdout
    (site / "needs.pth").write_text(needs)
    return commands


@pytest.mark.slow
class TestWheel:
    """The wheel, alone in an environment outside the tree, holds all that a user needs."""

    def test_is_what_runs(self, installed_wheel, tmp_path):
        code = "import zbudlab; print(zbudlab.__file__, zbudlab.__version__)"
        where, version = run_outside([installed_wheel / "python", "-c", code], tmp_path).split()
        assert Path(where).is_relative_to(installed_wheel.parent)
        assert version == zbudlab.__version__

    def test_carries_the_course(self, installed_wheel, tmp_path):
        run_outside([installed_wheel / "zbudlab", "course", "here"], tmp_path)
        for source in (ROOT / "notebooks").glob("*.ipynb"):
            assert (tmp_path / "here" / "notebooks" / source.name).read_bytes() == (
                source.read_bytes()
            )

    def test_carries_no_test_data_and_no_other_package(self, installed_wheel):
        (wheel,) = installed_wheel.parents[1].glob("*.whl")
        names = subprocess.run(
            [sys.executable, "-m", "zipfile", "-l", str(wheel)], capture_output=True, text=True
        ).stdout
        tops = {line.split("/")[0] for line in names.splitlines()[1:]}
        assert tops == {"zbudlab", f"zbudlab-{zbudlab.__version__}.dist-info"}
        traces = [line.split()[0] for line in names.splitlines() if ".trace.gz" in line]
        assert all(name.startswith("zbudlab/course/golden/") for name in traces)

    def test_does_the_main_job(self, installed_wheel, tmp_path):
        run_outside([installed_wheel / "zbudlab", *MAIN_JOB], tmp_path)
        assert json.loads((tmp_path / "out.json").read_text("utf-8"))


@pytest.mark.slow
def test_main_job_runs_without_what_only_unix_has(tmp_path):
    """As on Windows: no fcntl, resource or pwd to import, no os.fork."""
    code = f"""
import os, sys
sys.modules.update(dict.fromkeys(("fcntl", "resource", "pwd")))
del os.fork
from zbudlab.cli import main
sys.exit(main({MAIN_JOB!r}))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "out.json").read_text("utf-8"))
