"""References under a changed rule, from the teacher's solutions/NAME/rules.py.

Such a file defines FUNCTIONS: for each rule, the functions that it changes, by the student's
names. The package contains none of them, so that students cannot find them there.
"""

import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zbudlab.course.contract import LINUX, Rule


def rule_functions(solutions: Path, name: str, rule: Rule) -> Mapping[str, Any] | None:
    """Return the functions that a rule changes; None for the kernel's rule."""
    if rule is LINUX:
        return None
    path = solutions / name / "rules.py"
    if not path.is_file():
        raise FileNotFoundError(
            f"the rule {rule.name!r} of {name} needs {path}, which is not there: "
            "name the folder with the solutions"
        )
    return runpy.run_path(str(path))["FUNCTIONS"][rule.name]
