"""Digests of what results depend on besides the grid: the code, and the files that a grid names.

They are part of a sweep's header, so that `resume` never mixes results of two versions in one
table, and can say which file changed. Included are zbudlab without the packages that only show
results, the package of the experiment's module, or, for a module outside any package, the modules
next to it that it imports.
"""

import hashlib
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import zbudlab
from zbudlab.sweep import texts
from zbudlab.sweep.named import unwrapped
from zbudlab.sweep.neighbours import package_files, with_neighbours
from zbudlab.sweep.points import Experiment, SweepError, digest

OURS = (".py", ".toml", ".npz")  #: files of zbudlab: code, workloads, recorded lengths
SHOWING = ("cli", "course", "view")  #: packages of zbudlab on which no result depends


def digests(experiment: Experiment, grid: Mapping[str, Any]) -> dict[str, str]:
    """Return the digest of every file that results depend on, by name.

    Names of modules are relative to the folder that has their package. A function that is in no
    file, such as one from a notebook, has the digests of its text and of all that it uses there.
    """
    found = {str(name): _of_file(path) for name, path in sorted(_modules(experiment).items())}
    ours = _module_name(experiment).startswith("zbudlab.")
    if not ours and not any(name.partition("/")[0] != "zbudlab" for name in found):
        found |= texts.digests(unwrapped(experiment))
    for name in sorted(_texts(grid)):
        if _is_file(name):
            found[name] = _of_file(Path(name))
            found |= _named_in(Path(name))
    return found


def _named_in(path: Path) -> dict[str, str]:
    """Return the digests of files and folders that a TOML file names, relative to its folder.

    A name may follow a word and a colon, as in "file:pages.bin" of a workload.
    """
    if path.suffix != ".toml":
        return {}
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (ValueError, OSError, RecursionError):
        return {}
    found: dict[str, str] = {}
    for text in sorted(_texts(values, keys=True)):
        for name in dict.fromkeys((text, text.partition(":")[2])):
            if name and _is_file(str(path.parent / name)):
                found[str(path.parent / name)] = _of_file(path.parent / name)
            elif name and ":" in text and name != text and _is_folder(path.parent / name):
                found[str(path.parent / name)] = _of_folder(path.parent / name)
    return found


def changes(before: Any, now: Mapping[str, str]) -> str:
    """Say which files differ: "h.py changed", "a.py and b.py changed"; "" if none does."""
    if not isinstance(before, Mapping):
        return "the experiment's files are unknown"
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if not names:
        return ""
    shown = names[:3] + ([f"{len(names) - 3} other files"] if len(names) > 3 else [])
    return f"{' and '.join(filter(None, [', '.join(shown[:-1]), shown[-1]]))} changed"


def _modules(experiment: Experiment) -> dict[str, Path]:
    """Return the files of modules by name, with slashes on every system."""
    files = {
        name: path
        for name, path in package_files(Path(zbudlab.__file__).parent, OURS).items()
        if name.split("/")[1] not in SHOWING
    }
    module = sys.modules.get(_module_name(experiment))
    file = getattr(module, "__file__", None)
    if module is None or file is None or module.__name__.startswith("zbudlab."):
        return files
    top = sys.modules.get(module.__name__.partition(".")[0])
    folders = getattr(top, "__path__", None)
    if folders is None:
        return files | with_neighbours(Path(file))
    for folder in map(Path, folders):
        if folder.resolve() in Path(file).resolve().parents:  # a namespace has others, too
            files |= package_files(folder)
    return files


def _module_name(experiment: Experiment) -> str:
    function = unwrapped(experiment)
    owner = function if hasattr(function, "__qualname__") else type(function)
    return owner.__module__ or ""


def _texts(value: Any, *, keys: bool = False) -> set[str]:
    """Return all texts in a grid, in lists and tables, too. keys: also the names in tables."""
    if isinstance(value, str):
        return {value}
    named: Iterable[Any] = ()
    if isinstance(value, Mapping):
        value, named = value.values(), value.keys() if keys else ()
    if isinstance(value, Iterable):
        return {text for each in (*value, *named) for text in _texts(each, keys=keys)}
    return set()


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # too long for a path, or with a null character
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _of_folder(path: Path) -> str:
    """Return the digest of all files in a folder, their names included."""
    files = sorted(each for each in path.rglob("*") if each.is_file())
    return digest("".join(f"{each.relative_to(path)} {_of_file(each)}\n" for each in files))


def _of_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:20]
    except OSError as error:
        raise SweepError(f"cannot read {path}, on which results depend: {error.strerror}") from None
