"""Build the module in a separate process, and keep it on disk.

Numba is set to a generic processor there, because bitcode for this computer's processor would
contain instructions that WebAssembly lacks; it also gets a separate cache directory, because the
cache for native code does not distinguish these settings.

`python -m zbudlab.wasm.builder SOURCE FILE` is that process.
"""

import hashlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite
import numba

from zbudlab import jit
from zbudlab.io.arguments import checked
from zbudlab.io.files import written_whole
from zbudlab.io.values import shown

PACKAGE = Path(__file__).parents[1]
ENTRIES = "zbudlab.wasm.entries"
PAGE_ENTRIES = "zbudlab.wasm.page_entries"  #: what the live pages call
PANEL_ENTRIES = "zbudlab.wasm.panel_entries"  #: what a machine under pressure in a page calls
#: Everything that decides what a module contains, in the package.
STEPS = tuple(f"wasm/{step}.py" for step in ("entries", "lowering", "link", "binary", "describe"))
SOURCES = ("jit", "layout", "mm", "driver", "experiments/script.py", "profiles.py", *STEPS)

#: Numba's settings while it compiles for a module.
ENVIRONMENT = {
    "NUMBA_CPU_NAME": "generic",
    "NUMBA_CPU_FEATURES": "",
    "NUMBA_LOOP_VECTORIZE": "0",
    "NUMBA_SLP_VECTORIZE": "0",
    "ZBUDLAB_DOORS": "0",
}
#: Settings that a developer may have in the environment and that would change the module.
UNWANTED = ("NUMBA_BOUNDSCHECK", "NUMBA_DISABLE_JIT", "NUMBA_OPT", "NUMBA_DEBUGINFO")


class Module(NamedTuple):
    """A module and its description.

    code: WebAssembly. description: `exports` with the parameters of each, `table`, the arrays of
    `mem` in order with their dimensions, `dtypes`, and the `constants` of `zbudlab.layout`.
    """

    code: bytes
    description: dict[str, Any]


class BuildError(RuntimeError):
    """The module could not be built."""


def _key(source: str) -> str:
    """Return a hash of everything that the module depends on."""
    digest = hashlib.sha256(f"{numba.__version__} {llvmlite.__version__}".encode())
    paths = [path for name in SOURCES for path in _files(PACKAGE / name)]
    own = _module(source)
    kernels = {jit.KERNELS[each.kernel].py_func for each in own.entries()}
    theirs = sorted({kernel.__code__.co_filename for kernel in kernels})
    for path in [*paths, Path(str(own.__file__)), *map(Path, theirs)]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _module(source: str) -> Any:
    """Return the Python module of that name; ValueError for one without `entries()`."""
    try:
        found = importlib.import_module(source)
    except (ImportError, TypeError, ValueError):
        found = None
    if not callable(getattr(found, "entries", None)):
        raise ValueError(f"source must be a Python module with entries(), not {shown(source)}")
    return found


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("*.py")) if path.is_dir() else [path]


def _folder() -> Path:
    """Return the folder for modules, in the same place as natively compiled code."""
    if jit.CACHE_DIRECTORY is None:
        return Path(tempfile.mkdtemp(prefix="zbudlab-wasm-"))
    folder = jit.CACHE_DIRECTORY.parent / "wasm"
    folder.mkdir(exist_ok=True)
    return folder


@checked()
def build(source: str = ENTRIES) -> Module:
    """Return the module with the exports of a Python module's `entries()`, from disk if possible.

    source: the name of that Python module. Compiling takes some 40 seconds of one processor.
    Raises BuildError with the compiler's message, ValueError for a module without entries.
    """
    folder = _folder()
    path = folder / f"{source}-{_key(source)}.wasm"
    if not path.exists():
        environment = {k: v for k, v in os.environ.items() if k not in UNWANTED}
        environment |= {**ENVIRONMENT, "NUMBA_CACHE_DIR": str(folder)}
        environment["PYTHONPATH"] = os.pathsep.join([str(PACKAGE.parent), *sys.path])
        command = [sys.executable, "-m", "zbudlab.wasm.builder", source, str(path)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BuildError(f"the WebAssembly module could not be built:\n{done.stderr}")
    description = json.loads(path.with_suffix(".json").read_text("utf-8"))
    return Module(path.read_bytes(), description)


def main(source: str, path: Path) -> None:
    """Compile, and write the module and its description."""
    from zbudlab.wasm import binary, describe, link, lowering

    entries = importlib.import_module(source).entries()
    lowered = lowering.lowered(entries)
    wasm_object = link.wasm_object([(each.wrapper, each.bitcode) for each in lowered])
    description = describe.description(entries, lowered)
    with written_whole(path.with_suffix(".json")) as file:
        file.write(json.dumps(description).encode())
    with written_whole(path) as file:
        file.write(binary.module_of(wasm_object, describe.STACK_TOP))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
