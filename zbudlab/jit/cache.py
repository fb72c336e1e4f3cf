"""Where compiled code is kept: a folder for each state of the sources, a file for each form."""

import contextlib
import functools
import hashlib
import multiprocessing.util
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import IndexDataCacheFile

PACKAGE = Path(__file__).parents[1]


ENGINE = ("jit", "layout", "mm")
DRIVER = "driver"  #: kernels of the packages above call its kernels


def _hash_of(folders: Sequence[str], *others: Path) -> str:
    """Return a hash of the sources in folders and of other files, of numba and its options."""
    digest = hashlib.sha256(f"{numba.__version__} {numba.config.BOUNDSCHECK}".encode())
    for folder in folders:
        for source in sorted((PACKAGE / folder).glob("*.py")):
            digest.update(source.read_bytes())
    for source in others:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _source_key() -> str:
    """Return a hash of everything the engine's compiled code depends on."""
    return _hash_of(ENGINE, PACKAGE / "profiles.py")


def _usable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _cache_directory() -> Path | None:
    """Return the folder for compiled code: the first writable one of four places, or None.

    The last place is for temporary files: it belongs to this process and is removed with it. The
    name contains a hash of all sources, because numba's cache looks only at the file of the
    function itself and would not notice an edit of a helper in another file.
    """
    key = _source_key()
    places = [PACKAGE / "__pycache__"]
    if "NUMBA_CACHE_DIR" in os.environ:
        places.insert(0, Path(os.environ["NUMBA_CACHE_DIR"]))
    with contextlib.suppress(RuntimeError):
        places.append(Path.home() / ".cache" / "zbudlab")
    for place in places:
        folder = place / f"numba-{key}"
        if _usable(folder):
            return folder
    with contextlib.suppress(OSError):
        return _until_exit(Path(tempfile.mkdtemp(prefix="zbudlab-")))
    return None


def _until_exit(folder: Path) -> Path:
    """Return a folder that is removed when this process ends, after its workers.

    Finalizers of multiprocessing, unlike atexit, run in pool workers and never in a forked child.
    """
    finalizer, last = multiprocessing.util.Finalize, -100
    finalizer(None, shutil.rmtree, (folder,), {"ignore_errors": True}, exitpriority=last)
    return folder


CACHE_DIRECTORY = _cache_directory()


@functools.cache
def directory_of(package: str) -> Path | None:
    """Return the folder for a zbudlab package's compiled code, or None if none is writable.

    Kernels outside the engine have a folder for each state of their package and of the driver, so
    that changing them does not recompile the engine.
    """
    if CACHE_DIRECTORY is None or package in ENGINE:
        return CACHE_DIRECTORY
    return CACHE_DIRECTORY / f"{package}-{_hash_of((package, DRIVER))}"


def cache_is_kept() -> bool:
    """Return whether the next process will find what this one compiles."""
    return CACHE_DIRECTORY is not None and CACHE_DIRECTORY.name == f"numba-{_source_key()}"


def warm_marker() -> Path:
    """Return the file that exists once everything has been compiled."""
    assert CACHE_DIRECTORY is not None
    return CACHE_DIRECTORY / "complete"


class Files(IndexDataCacheFile):
    """The files with one kernel's compiled forms, each named by a hash of what it was compiled for.

    Numba numbers its files and keeps the numbers in an index. Two processes that compile one kernel
    for different types at the same time choose the same number; later, one type's code is loaded
    for the other.
    """

    def _name_of(self, key: Any) -> str:
        compiled_for = repr((self._version, self._source_stamp, key))
        digest = hashlib.sha256(compiled_for.encode()).hexdigest()
        return f"{Path(self._index_name).stem}.{digest[:16]}.nbc"

    def save(self, key: Any, data: Any) -> None:
        """Save a compiled form; without room or rights, the next process compiles it again."""
        with contextlib.suppress(OSError):
            self._save_data(self._name_of(key), data)

    def load(self, key: Any) -> Any:
        """Return the compiled form that was saved under a key, or None."""
        try:
            return self._load_data(self._name_of(key))
        except OSError:
            return None

    def flush(self) -> None:
        """Remove all of this kernel's compiled forms."""
        for path in Path(self._cache_path).glob(f"{Path(self._index_name).stem}.*.nbc"):
            path.unlink(missing_ok=True)
