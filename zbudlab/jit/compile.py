"""`kernel`, through which every function of `zbudlab.mm` is compiled.

Its options were measured. Without reference counting (`_nrt`, a private option of numba, hence the
exact pin in pyproject.toml) and with helpers inlined, code that reads like C runs like C; with
numba's defaults it is 1.4 to 30 times slower. A kernel therefore cannot allocate: it works on the
arrays it is given.
"""

from collections.abc import Callable
from typing import Any

import numba
from numba.core import event
from numba.core.compiler_lock import global_compiler_lock

from zbudlab.jit.cache import CACHE_DIRECTORY, directory_of
from zbudlab.jit.deferred import NOGIL
from zbudlab.jit.indices import Compiler
from zbudlab.jit.memory import as_kernel

_OPTIONS = {"_nrt": False, "nogil": NOGIL, "error_model": "numpy", "no_cfunc_wrapper": True}

#: Every kernel by its name `module.function`, as compiled.
KERNELS: dict[str, Any] = {}


class NotCompiled(ValueError):
    """Numba's compiler is switched off, but the engine cannot run without it."""


def require_compiler() -> None:
    """Raise NotCompiled if numba's compiler is switched off: bare kernels cannot read records."""
    if numba.config.DISABLE_JIT:
        raise NotCompiled(
            "NUMBA_DISABLE_JIT=1 switches off the compiler, which zbudlab needs: unset it "
            "(Machine.replaced runs kernels as plain Python)"
        )


def _is_ours(function: Callable) -> bool:
    """Return whether a function belongs to this package."""
    return function.__module__.startswith("zbudlab.")


def kernel(
    function: Callable | None = None, *, inline: bool = True, rewritten: bool = False
) -> Any:
    """Compile a function of `zbudlab.mm`, or of a module that uses it.

    inline: True, for small helpers, copies the body into every caller; False, for operations
    that are long or called from many places, keeps compilation short. rewritten: generate machine
    code at once, and have callers inline what that leaves; a few are faster so, which was measured.
    Functions of other packages are not cached on disk.
    """
    if function is None:
        return lambda function: kernel(function, inline=inline, rewritten=rewritten)
    kept = CACHE_DIRECTORY is not None and _is_ours(function)
    given = numba.config.CACHE_DIR
    if kept:
        numba.config.CACHE_DIR = str(directory_of(function.__module__.split(".")[1]))
    try:
        options = {**_OPTIONS, "pipeline_class": Compiler, "cache": kept, "forceinline": inline}
        compiled = as_kernel(numba.njit(**options)(function), kept)
        compiled.rewritten = rewritten
    finally:
        numba.config.CACHE_DIR = given
    KERNELS[f"{function.__module__.rpartition('.')[2]}.{function.__name__}"] = compiled
    return compiled


class _FirstCompilation(event.Listener):
    """Calls a function once, when numba starts to compile a kernel that is not on disk."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self.tell: Callable[[], None] | None = tell

    def on_start(self, compilation: Any) -> None:
        if self.tell is not None and _is_ours(compilation.data["dispatcher"].py_func):
            tell, self.tell = self.tell, None
            tell()

    def on_end(self, compilation: Any) -> None:
        """Do nothing: numba requires this method."""


def compiling() -> bool:
    """Return whether a kernel is being compiled, or loaded, at this moment."""
    return bool(global_compiler_lock.is_locked())


def before_compiling(tell: Callable[[], None]) -> None:
    """Call a function once, before this process compiles a kernel that is not on disk."""
    event.register("numba:compile", _FirstCompilation(tell))
