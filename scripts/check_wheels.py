"""Check that every package of requirements.lock has a wheel for each system and Python here.

Needs uv and the network; installs nothing. The exit code is 1 if a wheel is missing.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "requirements.lock"
PYTHONS = ("3.11.0", "3.12.0", "3.13.0", "3.14.0")  # a package may refuse the first of a series
SYSTEMS = {
    "Linux x86-64": "x86_64-manylinux_2_28",
    "Linux aarch64": "aarch64-manylinux_2_28",
    "macOS Apple silicon": "aarch64-apple-darwin",
    "Windows x86-64": "x86_64-pc-windows-msvc",
}


def complaint(lock: Path, platform: str, python: str) -> str:
    """Return what is missing to install a lock file from wheels alone, "" if nothing is.

    platform: a name that uv's --python-platform takes; python: a version such as "3.12.0".
    """
    with tempfile.TemporaryDirectory() as empty:
        command = ["uv", "pip", "install", "--dry-run", "--quiet", "--target", empty]
        command += ["--python-platform", platform, "--python-version", python]
        command += ["--only-binary", ":all:", "--no-deps", "--require-hashes", "-r", str(lock)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr.strip() or "uv gave no reason"


def main() -> int:
    """Print one line per system and Python; return the exit code."""
    if not shutil.which("uv"):
        print("make check-wheels needs uv: pip install uv", file=sys.stderr)
        return 2
    failures = 0
    for system, platform in SYSTEMS.items():
        for python in PYTHONS:
            missing = complaint(LOCK, platform, python)
            failures += bool(missing)
            print(f"{system:20} Python {python}: {missing or 'every package has a wheel'}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
