"""The one place that knows numba: `kernel`, where compiled code is kept, kernels run uncompiled.

Everything in `zbudlab.mm` is compiled through `kernel`. Its options were measured: without
reference counting (`_nrt`, an option private to numba, hence the exact pin in pyproject.toml)
and with helpers inlined, code that reads like C runs like C; with numba's defaults it is 1.4 to
30 times slower. A kernel therefore cannot allocate: it works on the arrays it is given.

`memory` is the argument `mem` in compiled code, `intrinsics` what is made of machine code.
"""

import contextlib
import functools
import hashlib
import importlib.util
import multiprocessing.util
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import numba
import numpy as np
from numba.core import event, types
from numba.core import ir as numba_ir
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.typed_passes import NopythonTypeInference
from numba.core.types.misc import unliteral

from zbudlab.jit.intrinsics import LARGE_MEMORY, call_codec, copy_row, prefetch_row
from zbudlab.jit.memory import array_table, declare_arrays, taking_memory

__all__ = [
    "LARGE_MEMORY",
    "array_table",
    "call_codec",
    "copy_row",
    "declare_arrays",
    "prefetch_row",
]


def _load_array_functions() -> None:
    """Load numba's array functions without scipy's linear algebra, a third of the first call.

    Numba loads it only to see whether it is there; whoever compiles a matrix product gets it then.
    """
    from numba.np import linalg

    if importlib.util.find_spec("scipy") is None:
        return
    ensure, linalg.ensure_blas = linalg.ensure_blas, lambda: None
    try:
        importlib.import_module("numba.np.arraymath")
    finally:
        linalg.ensure_blas = ensure


_load_array_functions()


@register_pass(mutates_CFG=False, analysis_only=False)
class _NaturalIndices(FunctionPass):
    """Makes every index of an array unsigned, which leaves out numpy's "negative: from the end".

    Kernels have no negative indices, but the compiler cannot know, and the extra instructions
    stand between each load and the next (measured: a third of a radix tree lookup).
    """

    _name = "zbudlab_natural_indices"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        for block in state.func_ir.blocks.values():
            block.body = [new for old in block.body for new in self._rewritten(state, old)]
        return True

    def _rewritten(self, state: Any, statement: Any) -> list[Any]:
        """The statement, with a conversion in front if it takes a signed index of an array."""
        indexing = statement
        if isinstance(statement, numba_ir.Assign):
            indexing = statement.value
        array = _indexed(indexing)
        if array is None or not isinstance(state.typemap[array.name], types.Array):
            return [statement]
        index = state.typemap[indexing.index.name]
        if index not in types.signed_domain:
            return [statement]
        scope, place = indexing.index.scope, statement.loc
        natural = scope.redefine("$natural", place)
        state.typemap[natural.name] = types.uintp
        conversion = numba_ir.Assign(numba_ir.Expr.cast(indexing.index, place), natural, place)
        signature = state.calltypes.pop(indexing)
        indexing.index = natural
        arguments = (signature.args[0], types.uintp, *signature.args[2:])
        state.calltypes[indexing] = signature.replace(args=arguments)
        return [conversion, statement]


def _indexed(indexing: Any) -> Any:
    """The variable that an expression or statement of numba's takes an element of; or None."""
    if isinstance(indexing, numba_ir.SetItem):
        return indexing.target
    if isinstance(indexing, numba_ir.Expr) and indexing.op == "getitem":
        return indexing.value
    return None


class _Compiler(CompilerBase):
    """Numba's compiler with `_NaturalIndices`."""

    def define_pipelines(self) -> list[Any]:
        pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)
        pipeline.add_pass_after(_NaturalIndices, NopythonTypeInference)
        pipeline.finalize()
        return [pipeline]


_OPTIONS = {"_nrt": False, "nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}

_PACKAGE = Path(__file__).parents[1]

#: Every kernel by its name `module.function`, as compiled.
KERNELS: dict[str, Any] = {}


def _source_key() -> str:
    """A hash of all that compiled code depends on: our sources, numba, bounds checking."""
    folders = [_PACKAGE / "jit", _PACKAGE / "mm"]
    sources = [_PACKAGE / "layout.py", *sorted(p for f in folders for p in f.glob("*.py"))]
    digest = hashlib.sha256(f"{numba.__version__} {numba.config.BOUNDSCHECK}".encode())
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _usable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _cache_directory() -> Path | None:
    """Where compiled code is kept: the first writable place of four, one folder a source state.

    None = there is no such place, and nothing is kept. The last of them, for temporary files, is
    this process's alone and goes with it. numba's own cache looks only at the file a
    function stands in, so an edit of a helper in another file would go unnoticed. Keying the
    folder by all sources mends that.
    """
    key = _source_key()
    places = [_PACKAGE / "__pycache__"]
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
    """The folder, which is removed when this process ends, after its workers have ended.

    multiprocessing's finalizers, unlike atexit, run in pool workers, and never in a fork's child.
    """
    finalizer, last = multiprocessing.util.Finalize, -100
    finalizer(None, shutil.rmtree, (folder,), {"ignore_errors": True}, exitpriority=last)
    return folder


CACHE_DIRECTORY = _cache_directory()


def _compiled_by_type(compiled: Any) -> Any:
    """The kernel, compiled once for an int: numba would do it again for every constant given."""
    if numba.config.DISABLE_JIT:  # numba's own switch, for tools that read the functions' texts
        return compiled
    template = compiled.get_call_template

    def get_call_template(given: Any, by_name: dict[str, Any]) -> Any:
        by_name = {name: unliteral(each) for name, each in by_name.items()}
        return template(tuple(map(unliteral, given)), by_name)

    compiled.get_call_template = get_call_template
    return compiled


def _is_ours(function: Callable) -> bool:
    return function.__module__.startswith("zbudlab.")


def kernel(function: Callable | None = None, *, inline: bool = True) -> Any:
    """Compile a function of `zbudlab.mm`, or of a module that uses it; only ours are cached.

    `inline=True`, for small helpers, puts the body into every caller. Operations that are long
    or called from many places say `inline=False`, which keeps compilation short.
    """
    if function is None:
        return lambda function: kernel(function, inline=inline)
    kept = CACHE_DIRECTORY is not None and _is_ours(function)
    given = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(CACHE_DIRECTORY)
    try:
        options = {**_OPTIONS, "pipeline_class": _Compiler, "cache": kept, "forceinline": inline}
        compiled = taking_memory(_compiled_by_type(numba.njit(**options)(function)))
    finally:
        numba.config.CACHE_DIR = given
    KERNELS[f"{function.__module__.rpartition('.')[2]}.{function.__name__}"] = compiled
    return compiled


# --- kernels uncompiled --------------------------------------------------------------------------


def _on_plain_arrays(compiled: Any) -> Callable:
    """`compiled` for callers that run uncompiled: record views go in as the arrays they view."""

    @functools.wraps(compiled.py_func)
    def call(*arguments: Any) -> Any:
        return compiled(
            *(a.view(np.ndarray) if isinstance(a, np.recarray) else a for a in arguments)
        )

    return call


def _callers(names: set[str]) -> set[str]:
    """The given kernels and all kernels from which a path of calls leads to one of them."""
    reached = set(names)
    while True:
        bare = {name.rpartition(".")[2] for name in reached}
        found = {
            name
            for name, compiled in KERNELS.items()
            if name not in reached and bare & set(compiled.py_func.__code__.co_names)
        }
        if not found:
            return reached
        reached |= found


def _bind(instead: dict[int, Any]) -> Iterator[tuple[dict, str, Any]]:
    """Put something in the place of each object of that id that a module of zbudlab holds.

    Yields how to undo it: where it was, by which name, and the object.
    """
    for name, module in list(sys.modules.items()):
        if name.startswith("zbudlab.") and not name.startswith("zbudlab.jit"):
            for attribute, old in list(vars(module).items()):
                if id(old) in instead:
                    vars(module)[attribute] = instead[id(old)]
                    yield vars(module), attribute, old


def as_record(argument: Any) -> Any:
    """Records, one, an array, or a `mem` of them, as views that have their fields as attributes."""
    if isinstance(argument, tuple) and hasattr(argument, "plain"):
        return argument.plain
    if isinstance(argument, np.ndarray) and argument.dtype.names:
        return argument.view(np.recarray)
    if isinstance(argument, np.void) and argument.dtype.names:
        return argument.view((np.record, argument.dtype))
    return argument


def _plainly(function: Callable, compiled: Any) -> Callable:
    """`function` fed with record views, so that `record.field` works without compilation."""

    @functools.wraps(compiled.py_func)
    def call(*arguments: Any) -> Any:
        with np.errstate(over="raise"):
            return function(*map(as_record, arguments))

    return call


def _plain_forms(plain: set[str], functions: dict[str, Callable]) -> dict[str, Callable]:
    """Plain forms of kernels that call each other; other kernels they call stay compiled.

    Each is a copy with globals of its own, so that compiled code, which must find compiled
    functions where it looks for them, never sees a plain one.
    """
    forms: dict[str, Callable] = {}
    instead: dict[int, Callable] = {}
    bodies: dict[str, Callable] = {}
    for name, compiled in KERNELS.items():
        if name in plain:
            forms[name] = _plainly(lambda *a, name=name: bodies[name](*a), compiled)
            instead[id(compiled)] = forms[name]
        else:
            instead[id(compiled)] = _on_plain_arrays(compiled)
    for name in plain:
        source = KERNELS[name].py_func
        names = {k: instead.get(id(v), v) for k, v in source.__globals__.items()}
        copy = FunctionType(source.__code__, names, source.__name__, source.__defaults__)
        bodies[name] = functions.get(name, copy)
    return forms


_exclusive = threading.Lock()


@contextlib.contextmanager
def uncompiled(
    names: Iterable[str], functions: dict[str, Callable] | None = None
) -> Iterator[None]:
    """Run the named kernels, and all that lead to them, as plain Python within the block.

    names: kernels as `module.function`. functions: other functions to run in the place of some.
    Compiled kernels that plain ones call stay compiled. One block at a time; everything is
    restored on leaving it, whatever happens.
    """
    functions = functions or {}
    plain = _callers(set(names) | set(functions))
    if not _exclusive.acquire(blocking=False):
        raise RuntimeError("functions are replaced already: leave that block first")
    undo: list[tuple[dict, str, Any]] = []
    try:
        forms = _plain_forms(plain, functions)
        undo.extend(_bind({id(KERNELS[name]): form for name, form in forms.items()}))
        yield
    finally:
        for namespace, attribute, old in undo:
            namespace[attribute] = old
        _exclusive.release()


def cache_is_kept() -> bool:
    """Whether the next process will find what this one compiles."""
    return CACHE_DIRECTORY is not None and CACHE_DIRECTORY.name == f"numba-{_source_key()}"


class _FirstCompilation(event.Listener):
    """Calls a function once, when numba begins to compile a kernel of ours that it did not find."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self.tell: Callable[[], None] | None = tell

    def on_start(self, compilation: Any) -> None:
        if self.tell is not None and _is_ours(compilation.data["dispatcher"].py_func):
            tell, self.tell = self.tell, None
            tell()

    def on_end(self, compilation: Any) -> None:
        """Nothing: numba wants this method."""


def before_compiling(tell: Callable[[], None]) -> None:
    """Have a function called, once, before this process compiles what was not found on disk."""
    event.register("numba:compile", _FirstCompilation(tell))


def warm_marker() -> Path:
    """A file that stands where compiled code is kept once all of it has been compiled."""
    assert CACHE_DIRECTORY is not None
    return CACHE_DIRECTORY / "complete"


def kernel_named(name: str) -> str:
    """The full name `module.function` of a kernel known by either name."""
    found = [full for full in KERNELS if name in (full, full.rpartition(".")[2])]
    if len(found) != 1:
        reason = f"{', '.join(found)} are meant" if found else "there is no such kernel"
        raise ValueError(f"cannot replace {name!r}: {reason}")
    return found[0]


def replaced(functions: dict[str, Callable]) -> contextlib.AbstractContextManager[None]:
    """Run other functions in the place of kernels, by name, within a block."""
    by_name = {kernel_named(name): function for name, function in functions.items()}
    return uncompiled((), by_name)
