"""The one place that knows numba: `kernel`, rows copied and prefetched, kernels run uncompiled.

Everything in `zbudlab.mm` is compiled through `kernel`. Its options were measured: without
reference counting (`_nrt`, an option private to numba, hence the exact pin in pyproject.toml)
and with helpers inlined, code that reads like C runs like C; with numba's defaults it is 1.4 to
30 times slower. A kernel therefore cannot allocate: it works on the arrays it is given.
"""

import contextlib
import ctypes
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
from llvmlite import ir
from numba.core import cgutils, event, types
from numba.core import ir as numba_ir
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.registry import CPUDispatcher
from numba.core.typed_passes import NopythonTypeInference
from numba.core.types.misc import unliteral
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_builtin,
    lower_getattr_generic,
    models,
    register_model,
    type_callable,
    unbox,
)


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

WORD_BITS = 64
CACHE_LINE = 64
LARGE_MEMORY = 1 << 27  #: bytes from which on a page, once copied, is in no cache later anyway
PREFETCH_LINES = 16  #: of a row; the processor itself goes on from there
_BYTES = ir.IntType(8).as_pointer()

#: Every kernel by its name `module.function`, as compiled.
KERNELS: dict[str, Any] = {}


def _source_key() -> str:
    """A hash of all that compiled code depends on: our sources, numba, bounds checking."""
    package = Path(__file__).parent
    below = [package / f"{name}.py" for name in ("jit", "layout", "profiles")]
    sources = [*below, *sorted((package / "mm").glob("*.py"))]
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
    places = [Path(__file__).parent / "__pycache__"]
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
        compiled = _taking_memory(_compiled_by_type(numba.njit(**options)(function)))
    finally:
        numba.config.CACHE_DIR = given
    KERNELS[f"{function.__module__.rpartition('.')[2]}.{function.__name__}"] = compiled
    return compiled


# --- the argument `mem` -----------------------------------------------------------------------
# A named tuple of arrays would travel as seven words an array, in each call that is not inlined,
# and numba would look at each array when Python calls. Here it travels as one address.


class MemoryType(types.Type):
    """In compiled code: the address of a table of arrays (`array_table`)."""

    def __init__(self) -> None:
        super().__init__("zbudlab.Memory")


MEMORY = MemoryType()
_ARRAYS: dict[str, types.Array] = {}  #: the arrays of `mem`, in order
_TABLE = np.dtype([])  #: a record of the address and shape of each of them


def declare_arrays(**dtypes: np.dtype) -> None:
    """Say which arrays `mem` has. The dtype of rows (`(uint8, (4096,))`) means two dimensions."""
    global _TABLE
    for name, dtype in dtypes.items():
        _ARRAYS[name] = types.Array(numba.from_dtype(dtype.base), 1 + len(dtype.shape), "C")
    _TABLE = np.dtype([(name, np.uintp, (1 + a.ndim,)) for name, a in _ARRAYS.items()])


def array_table(arrays: dict[str, np.ndarray]) -> np.ndarray:
    """The table of these arrays for compiled code, one record. The arrays must outlive it.

    Raises TypeError for an array of another type, or one that is not contiguous or is read-only.
    """
    table = np.zeros(1, _TABLE)
    for name, kind in _ARRAYS.items():
        array = arrays[name]
        dtype = numba.np.numpy_support.as_dtype(kind.dtype)
        if (array.dtype, array.ndim) != (dtype, kind.ndim) or not array.flags.carray:
            wanted = f"a writable, contiguous array of {dtype} with {kind.ndim} dimension(s)"
            raise TypeError(f"mem.{name} must be {wanted}, not {array.dtype} {array.shape}")
        table[0][name] = array.__array_interface__["data"][0], *array.shape
    return table


_call = CPUDispatcher.__call__


class _OnMemory(CPUDispatcher):
    """A kernel whose first argument is `mem`: a call from Python passes the table instead."""

    def __call__(self, mem: Any, *arguments: Any) -> Any:
        return _call(self, mem.table, *arguments)

    def typeof_pyval(self, value: Any) -> Any:
        """The table's type; numba asks once and remembers it by the table's dtype."""
        if isinstance(value, np.ndarray) and value.dtype == _TABLE:
            return MEMORY
        return super().typeof_pyval(value)


def _parameters(compiled: Any) -> tuple[str, ...]:
    """The names of a kernel's parameters."""
    code = compiled.py_func.__code__
    return code.co_varnames[: code.co_argcount]


def _taking_memory(compiled: Any) -> Any:
    """The kernel, able to take `mem` from Python if that is its first parameter."""
    if isinstance(compiled, CPUDispatcher) and _parameters(compiled)[:1] == ("mem",):
        compiled.__class__ = _OnMemory
    return compiled


register_model(MemoryType)(models.OpaqueModel)

_DATA = 2  #: words of a numpy array object before the address of its data


@unbox(MemoryType)
def _(kind, table, c):
    array = c.builder.bitcast(table, _BYTES.as_pointer())
    return NativeValue(c.builder.load(c.builder.gep(array, [ir.IntType(WORD_BITS)(_DATA)])))


@infer_getattr
class _MemoryFields(AttributeTemplate):
    key = MemoryType

    def generic_resolve(self, kind: Any, name: str) -> Any:
        return _ARRAYS.get(name)


@lower_getattr_generic(MemoryType)
def _(context, builder, kind, table, name):
    array = context.make_array(_ARRAYS[name])(context, builder)
    word = ir.IntType(WORD_BITS)
    start = (_TABLE.fields or {})[name][1] * 8 // WORD_BITS
    at = builder.bitcast(table, word.as_pointer())
    never_changes = builder.module.add_metadata([])

    def loaded(place: int) -> Any:
        value = builder.load(builder.gep(at, [word(start + place)]))
        value.set_metadata("invariant.load", never_changes)
        return value

    shape = [loaded(1 + axis) for axis in range(_ARRAYS[name].ndim)]
    itemsize = word(numba.np.numpy_support.as_dtype(_ARRAYS[name].dtype).itemsize)
    strides = [itemsize] if len(shape) == 1 else [builder.mul(shape[1], itemsize), itemsize]
    numba.np.arrayobj.populate_array(
        array,
        data=builder.inttoptr(loaded(0), array.data.type),
        shape=cgutils.pack_array(builder, shape),
        strides=cgutils.pack_array(builder, strides),
        itemsize=itemsize,
        meminfo=None,
    )
    return array._getvalue()


# --- machine code where numba has none ---------------------------------------------------------
# Ordinary functions, which compiled code runs as given here.


def copy_row(rows: np.ndarray, new: int, old: int) -> None:
    """Copy row `old` of a 2-D array over row `new`: memcpy, where numba's own copy allocates."""
    rows[new] = rows[old]


def prefetch_row(rows: np.ndarray, row: int) -> None:
    """Ask for a row's memory (a record's, if the array has one dimension) ahead of its use."""


def call_codec(
    function: int, source: np.ndarray, i: int, length: int, target: np.ndarray, j: int, room: int
) -> int:
    """What the C function at this address answers: int f(const char *, char *, int, int).

    Compressors have this form: `length` bytes from row i of `source` on (byte i, if it has one
    dimension) go to row j of `target`, which has `room` bytes; the answer is how many came of it.
    """
    form = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int] * 2)
    places = source[i:].ctypes.data, target[j:].ctypes.data
    return int(form(int(function))(*places, int(length), int(room)))


type_callable(copy_row)(lambda context: lambda rows, new, old: types.none)
type_callable(prefetch_row)(lambda context: lambda rows, row: types.none)
type_callable(call_codec)(lambda context: lambda function, s, i, length, t, j, room: types.int32)


def _row(
    context: Any, builder: Any, signature: Any, arguments: Any, position: int, of: int = 0
) -> Any:
    """The address of the row of argument `of` that another one numbers, and its length."""
    array = context.make_array(signature.args[of])(context, builder, arguments[of])
    if signature.args[of].ndim == 1:
        length = array.itemsize
    else:
        length = builder.extract_value(array.strides, 0)
    row = context.cast(builder, arguments[position], signature.args[position], types.uint64)
    start = builder.bitcast(array.data, _BYTES)
    return builder.gep(start, [builder.mul(row, length)]), length


@lower_builtin(copy_row, types.Array, types.Integer, types.Integer)
def _(context, builder, signature, arguments):
    new, length = _row(context, builder, signature, arguments, 1)
    old, _ = _row(context, builder, signature, arguments, 2)
    remainder = builder.and_(builder.ptrtoint(new, length.type), length.type(CACHE_LINE - 1))
    aligned = builder.icmp_unsigned("==", remainder, remainder.type(0))
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    memory = builder.mul(builder.extract_value(array.shape, 0), length)
    large = builder.icmp_unsigned(">=", memory, memory.type(LARGE_MEMORY))
    with builder.if_else(builder.and_(aligned, large)) as (then, otherwise):
        with then:
            cgutils.raw_memcpy(builder, new, old, length.type(CACHE_LINE), 1)
            _copy_past_the_caches(builder, new, old, length)
        with otherwise:
            cgutils.raw_memcpy(builder, new, old, length, 1)
    return context.get_dummy_value()


def _copy_past_the_caches(builder: Any, new: Any, old: Any, length: Any) -> None:
    """Copy all lines but the first to an aligned target without fetching the target before."""
    line = ir.VectorType(ir.IntType(WORD_BITS), CACHE_LINE * 8 // WORD_BITS)
    step = length.type(CACHE_LINE)
    with cgutils.for_range_slice(builder, step, length, step) as (offset, _):
        source = builder.bitcast(builder.gep(old, [offset]), line.as_pointer())
        target = builder.bitcast(builder.gep(new, [offset]), line.as_pointer())
        stored = builder.store(builder.load(source, align=1), target, align=CACHE_LINE)
        stored.set_metadata("nontemporal", builder.module.add_metadata([ir.IntType(32)(1)]))


@lower_builtin(prefetch_row, types.Array, types.Integer)
def _(context, builder, signature, arguments):
    start, length = _row(context, builder, signature, arguments, 1)
    kind = ir.FunctionType(ir.VoidType(), [_BYTES, *[ir.IntType(32)] * 3])
    prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
    for_reading, keep_near, data = (ir.IntType(32)(n) for n in (0, 3, 1))
    line = length.type(CACHE_LINE)
    most = length.type(PREFETCH_LINES * CACHE_LINE)
    end = builder.select(builder.icmp_unsigned("<", length, most), length, most)
    with cgutils.for_range_slice(builder, line.type(0), end, line) as (offset, _):
        at = builder.gep(start, [offset])
        builder.call(prefetch, [at, for_reading, keep_near, data])
    return context.get_dummy_value()


@lower_builtin(call_codec, types.Integer, *[types.Array, types.Integer, types.Integer] * 2)
def _(context, builder, signature, arguments):
    word = ir.IntType(32)
    source, _ = _row(context, builder, signature, arguments, 2, of=1)
    target, _ = _row(context, builder, signature, arguments, 5, of=4)
    length, room = (
        context.cast(builder, arguments[at], signature.args[at], types.int32) for at in (3, 6)
    )
    form = ir.FunctionType(word, [_BYTES, _BYTES, word, word])
    function = builder.inttoptr(arguments[0], form.as_pointer())
    return builder.call(function, [source, target, length, room])


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
        if name.partition(".")[0] == "zbudlab" and not name.endswith(".jit"):
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
