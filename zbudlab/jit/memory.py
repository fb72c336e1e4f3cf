"""The argument `mem` in compiled code: one address instead of many arrays.

A named tuple of arrays would travel as seven words per array, in each call that is not inlined,
and numba would look at each array when Python calls. Here it travels as the address of a table.
"""

import ctypes
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.registry import CPUDispatcher
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_getattr_generic,
    models,
    register_model,
    unbox,
)

from zbudlab.jit.deferred import Kernel

WORD_BITS = 64
_BYTES = ir.IntType(8).as_pointer()


class MemoryType(types.Type):
    """The type of `mem` in compiled code: the address of a table of arrays (`array_table`)."""

    def __init__(self) -> None:
        super().__init__("zbudlab.Memory")


MEMORY = MemoryType()
_ARRAYS: dict[str, types.Array] = {}  #: the arrays of `mem`, in order
_DTYPES: dict[str, np.dtype] = {}  #: the NumPy dtype of each; numba's is slow to convert
_TABLE = np.dtype([])  #: a record of the address and shape of each of them, and of `DOORS`
_FAILED = -1  #: what a kernel returns to numba's wrapper when it fails
_closed = ctypes.CFUNCTYPE(ctypes.c_int32)(lambda: _FAILED)
CLOSED = ctypes.cast(_closed, ctypes.c_void_p).value or 0  #: where closed doors lead
DOORS = np.full(4096, CLOSED, np.int64)  #: addresses of kernels, see `zbudlab.jit.doors`


def declare_arrays(**dtypes: np.dtype) -> None:
    """Declare the arrays of `mem`, in order. A dtype with a shape means two dimensions."""
    global _TABLE
    for name, dtype in dtypes.items():
        _ARRAYS[name] = types.Array(numba.from_dtype(dtype.base), 1 + len(dtype.shape), "C")
        _DTYPES[name] = dtype.base
    columns: list[Any] = [(name, np.uintp, (1 + a.ndim,)) for name, a in _ARRAYS.items()]
    _TABLE = np.dtype([*columns, ("doors", np.uintp)])


def place_in_table(name: str) -> int:
    """Return the index of the table word for an array, or for "doors"."""
    assert _TABLE.fields is not None
    place: int = _TABLE.fields[name][1] * 8 // WORD_BITS
    return place


def array_table(arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Return the table of these arrays for compiled code, one record. They must outlive it.

    Raises TypeError for an array of another type, or one that is not contiguous or is read-only.
    """
    table = np.zeros(1, _TABLE)
    for name, kind in _ARRAYS.items():
        array, dtype = arrays[name], _DTYPES[name]
        if (array.dtype, array.ndim) != (dtype, kind.ndim) or not array.flags.carray:
            wanted = f"a writable, contiguous array of {dtype} with {kind.ndim} dimension(s)"
            raise TypeError(f"mem.{name} must be {wanted}, not {array.dtype} {array.shape}")
        table[0][name] = array.__array_interface__["data"][0], *array.shape
    table["doors"] = DOORS.ctypes.data
    return table


_call = Kernel.__call__


class _OnMemory(Kernel):
    """A kernel whose first argument is `mem`; a call from Python passes the table instead."""

    def __call__(self, mem: Any, *arguments: Any) -> Any:
        return _call(self, mem.table, *arguments)

    def typeof_pyval(self, value: Any) -> Any:
        """Return the type of the table; numba asks once and remembers it by the dtype."""
        if isinstance(value, np.ndarray) and value.dtype == _TABLE:
            return MEMORY
        return super().typeof_pyval(value)


def _parameters(compiled: Any) -> tuple[str, ...]:
    """Return the names of a kernel's parameters."""
    code = compiled.py_func.__code__
    return code.co_varnames[: code.co_argcount]


def as_kernel(compiled: Any, kept: bool) -> Any:
    """Make a function that numba compiles a kernel, and return it.

    It accepts `mem` from Python if that is its first parameter. kept: whether it is cached on disk.
    """
    if isinstance(compiled, CPUDispatcher):
        compiled.__class__ = _OnMemory if _parameters(compiled)[:1] == ("mem",) else Kernel
        if kept:
            compiled.keep_on_disk()
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
    start = place_in_table(name)
    at = builder.bitcast(table, word.as_pointer())
    never_changes = builder.module.add_metadata([])

    def loaded(place: int) -> Any:
        value = builder.load(builder.gep(at, [word(start + place)]))
        value.set_metadata("invariant.load", never_changes)
        return value

    shape = [loaded(1 + axis) for axis in range(_ARRAYS[name].ndim)]
    itemsize = word(_DTYPES[name].itemsize)
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
