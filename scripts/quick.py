"""Run the tests of the packages that changed since a base and in the work tree.

A change to zbudlab/PKG/ or tests/PKG/ selects tests/PKG/; a change to a module at the top level of
either selects the test of its name. Slow and browser tests are left to `make test`. The base is
BASE, else the upstream branch, else HEAD~1.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
SKIPPED = "not slow and not browser and not isolation"


def git(*arguments: str) -> list[str]:
    """Return the lines git prints, or an empty list where the command fails."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.split("\n")[:-1] if done.returncode == 0 else []


def base() -> str:
    """Return the commit to compare with."""
    if wanted := os.environ.get("BASE"):
        if not git("rev-parse", "--verify", "--quiet", f"{wanted}^{{commit}}"):
            sys.exit(f"BASE={wanted} is not a commit of this repository")
        return wanted
    upstream = git("rev-parse", "--abbrev-ref", "--symbolic-full-name", "@{upstream}")
    return upstream[0] if upstream else "HEAD~1"


def changed(since: str) -> set[str]:
    """Return the files that differ from a commit, including those git does not track yet."""
    untracked = git("ls-files", "--others", "--exclude-standard")
    return {*git("diff", "--name-only", since), *untracked}


def tests_of(path: str) -> Path | None:
    """Return the folder or file of tests that a changed file selects, if there is one."""
    parts = Path(path).parts
    if parts[0] not in ("zbudlab", "tests") or len(parts) < 2 or parts[1] == "data":
        return None
    if len(parts) > 2:
        found = TESTS / parts[1]
    else:
        found = TESTS / f"test_{Path(path).stem.removeprefix('test_').strip('_')}.py"
    return found if found.exists() else None


def main() -> int:
    """Run the selected tests and return pytest's exit code."""
    since = base()
    selected = sorted({str(found) for path in changed(since) if (found := tests_of(path))})
    if not selected:
        print(f"quick: no package with tests changed since {since}")
        return 0
    names = ", ".join(str(Path(found).relative_to(ROOT)) for found in selected)
    print(f"quick: changed since {since}: {names}", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal"]
    code = subprocess.run([*command, "-m", SKIPPED, *selected], cwd=ROOT).returncode
    return 0 if code == 5 else code  # 5: all selected tests are slow ones


if __name__ == "__main__":
    sys.exit(main())
