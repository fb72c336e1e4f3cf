"""Create the environment in .venv/ from requirements.lock, or say why that is impossible.

The Makefile runs this file with any Python 3, so it must not fail with a syntax error where it can
refuse with a sentence. A second run costs nothing: .venv/zbudlab-env.json records what the
environment was made from, and only what changed since is done again.
"""

import argparse
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
OLDEST, FIRST_REFUSED = (3, 11), (3, 14)


def reason_not_to_start(version, has_module):
    """Say in one sentence why this Python cannot make the environment; "" if it can.

    version: the first two or more numbers of the Python; has_module: whether it has a module.
    """
    if not OLDEST <= tuple(version[:2]) < FIRST_REFUSED:
        return (
            "zbudlab needs Python 3.11, 3.12 or 3.13, the versions that its tests run on, and this "
            "one is {}.{}: choose another with make PYTHON=python3.12".format(*version[:2])
        )
    if not (has_module("venv") and has_module("ensurepip")):
        return (
            "This Python cannot make virtual environments: the package python3-venv is missing "
            "(Debian and Ubuntu: apt install python3-venv)."
        )
    return ""


def digest(path):
    """Return the SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def wanted_state():
    """Return what the environment is made from: its folder, the Python, and the files."""
    return {
        "dependencies": [str(ROOT), sys.version, digest(LOCK)],
        "project": digest(ROOT / "pyproject.toml"),
    }


def recorded_state(stamp):
    """Return what the environment was made from, {} if it is missing or unfinished."""
    try:
        return json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def environment_python(venv):
    """Return the Python inside an environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def pip_install(venv, *arguments):
    """Run `pip install` inside the environment."""
    command = [str(environment_python(venv)), "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*command, "install", "--quiet", *arguments], cwd=str(ROOT), check=True)


def install_dependencies(venv, options):
    """Create an environment with exactly the packages of the lock file."""
    print(f"environment: making {venv.name}/ from {LOCK.name} (about a minute, 0.9 GB)", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)
    pip_install(venv, *options, "--require-hashes", "-r", str(LOCK))


def install_project(venv, options):
    """Install zbudlab itself, editable, so that changes in the tree take effect."""
    print(f"environment: installing zbudlab into {venv.name}/ (editable)", flush=True)
    pip_install(venv, *options, "--no-deps", "--no-build-isolation", "-e", str(ROOT))


def make_environment(venv, options):
    """Bring the environment up to date with the lock file and pyproject.toml."""
    stamp = venv / "zbudlab-env.json"
    wanted, found = wanted_state(), recorded_state(stamp)
    if found == wanted:
        print(f"environment: {venv.name}/ is up to date", flush=True)
        return
    stamp.unlink(missing_ok=True)
    if found.get("dependencies") != wanted["dependencies"]:
        install_dependencies(venv, options)
    install_project(venv, options)
    stamp.write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")


def main():
    """Make the environment; return 0, or 2 after one sentence on stderr."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--venv", type=Path, default=Path(".venv"), help="where (default: .venv)")
    parser.add_argument("--pip", default="", help="options for pip install, in one string")
    arguments = parser.parse_args()
    reason = reason_not_to_start(sys.version_info, importlib.util.find_spec)
    if not reason:
        try:
            make_environment(ROOT / arguments.venv, arguments.pip.split())
        except subprocess.CalledProcessError as error:
            command = " ".join(error.cmd)
            reason = f"The environment is not finished, exit code {error.returncode}: {command}"
    if reason:
        print(reason, file=sys.stderr)
    return 2 if reason else 0


if __name__ == "__main__":
    sys.exit(main())
