"""Make exercises/ from solutions/: notebooks by nbgrader, and right answers under changed rules.

--check: only say what differs, and fail if anything does.
"""

import argparse
import json
import os
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from zbudlab.course.checking import ANSWERS
from zbudlab.course.contract import EXERCISES, Rule, Setting, exercise
from zbudlab.course.judging import Reference
from zbudlab.course.rules import rule_functions

ROOT = Path(__file__).resolve().parents[1]


def released(target: Path) -> None:
    """Write every exercise's released notebook and its other files below `target`."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config, PyFileConfigLoader

    # nbgrader runs `alembic`, which is next to this Python
    os.environ["PATH"] = sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"]
    config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    with tempfile.TemporaryDirectory() as scratch:
        config.merge(
            Config(
                CourseDirectory={
                    "release_directory": str(target),
                    "db_url": f"sqlite:///{scratch}/gradebook.db",
                    "ignore": [
                        "rules.py",
                        "RUBRIC.md",
                        "__pycache__",
                        "*.pyc",
                        ".ipynb_checkpoints",
                    ],
                }
            )
        )
        api = NbGraderAPI(config=config)
        for name in EXERCISES:
            outcome = api.generate_assignment(name, force=True, create=True)
            if not outcome["success"]:
                raise SystemExit(f"nbgrader cannot release {name}:\n{outcome['log']}")
            plain_notebook(target / name / f"{name}.ipynb")


def plain_notebook(path: Path) -> None:
    """Write a notebook as git is to see it: sorted keys, a space of indent, a line end."""
    path.chmod(0o644)
    text = json.dumps(json.loads(path.read_text("utf-8")), indent=1, sort_keys=True)
    path.write_text(text.encode("ascii", "backslashreplace").decode() + "\n", "utf-8")


def stored_answers(name: str, rule: Rule) -> dict[str, list[Any]]:
    """The right answers to an exercise's visible cases under a rule, by ability."""
    task, setting = exercise(name), Setting(rule)
    reference = Reference(task, setting, rule_functions(ROOT / "solutions", name, rule))
    return {
        ability.name: [reference.computed(ability, case) for case in ability.visible(setting)]
        for ability in task.abilities
        if not ability.judge
        and all(task.references[function] is not None for function in ability.functions)
    }


def answer_files(target: Path) -> None:
    """Write a file for each rule of each exercise that is not the kernel's."""
    target.mkdir(parents=True, exist_ok=True)
    for name in EXERCISES:
        for rule in exercise(name).rules:
            text = json.dumps(stored_answers(name, rule), separators=(",", ":"))
            (target / f"{name}-{rule.name}.json").write_text(text + "\n", "utf-8")


def differences(made: Path, kept: Path) -> list[str]:
    """The files below two folders that are not the same."""
    names = {p.relative_to(base) for base in (made, kept) for p in base.rglob("*") if p.is_file()}
    return sorted(
        str(kept / name)
        for name in names
        if not ((made / name).is_file() and (kept / name).is_file())
        or (made / name).read_bytes() != (kept / name).read_bytes()
    )


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", action="store_true")
    only_check = options.parse_args().check
    pairs = [(released, ROOT / "exercises"), (answer_files, ANSWERS)]
    wrong = []
    for make, kept in pairs:
        with tempfile.TemporaryDirectory() as scratch:
            made = Path(scratch) / "made"
            make(made)
            wrong += differences(made, kept)
            if not only_check:
                shutil.rmtree(kept, ignore_errors=True)
                shutil.copytree(made, kept)
    for path in wrong:
        print(f"exercises: {path} {'differs from its source' if only_check else 'written'}")
    if wrong and only_check:
        print("exercises: run `make exercises` and commit what it writes")
    return int(bool(wrong) and only_check)


if __name__ == "__main__":
    sys.exit(main())
