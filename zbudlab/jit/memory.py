"""The arguments `mem`, `work` and `log` in compiled code: one address instead of many arrays.

A named tuple of arrays would travel as seven words per array, in each call that is not inlined,
and numba would look at each array when Python calls. Here it travels as the address of a table.
"""

import ctypes
import itertools
from typing import Any, NamedTuple

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


class TableType(types.Type):
    """The type of a group of arrays in compiled code: the address of a table (`array_table`).

    group: the name of the parameters that have this type.
    """

    def __init__(self, group: str) -> None:
        super().__init__(f"zbudlab.{group}")
        self.group = group


class _Group(NamedTuple):
    """The arrays of a group by name, in order.

    dtypes: NumPy's, as numba's are slow to convert. table: a record of the address and shape of
    each array; that of `mem` also has the address of `DOORS`.
    """

    arrays: dict[str, types.Array]
    dtypes: dict[str, np.dtype]
    table: np.dtype


MEM = "mem"
TABLES = {name: TableType(name) for name in (MEM, "work", "log")}
MEMORY = TABLES[MEM]
_GROUPS = {name: _Group({}, {}, np.dtype([])) for name in TABLES}
_FAILED = -1  #: what a kernel returns to numba's wrapper when it fails
_closed = ctypes.CFUNCTYPE(ctypes.c_int32)(lambda: _FAILED)
CLOSED = ctypes.cast(_closed, ctypes.c_void_p).value or 0  #: where closed doors lead
DOORS = np.full(4096, CLOSED, np.int64)  #: addresses of kernels, see `zbudlab.jit.doors`


def declare_arrays(group: str, /, **dtypes: np.dtype) -> None:
    """Declare the arrays of `mem`, `work` or `log`, in order.

    dtypes: by name; one with a shape means two dimensions.
    """
    arrays = {
        name: types.Array(numba.from_dtype(dtype.base), 1 + len(dtype.shape), "C")
        for name, dtype in dtypes.items()
    }
    columns: list[Any] = [(name, np.uintp, (1 + a.ndim,)) for name, a in arrays.items()]
    if group == MEM:
        columns.append(("doors", np.uintp))
    bases = {name: dtype.base for name, dtype in dtypes.items()}
    _GROUPS[group] = _Group(arrays, bases, np.dtype(columns))


def place_in_table(name: str, group: str = MEM) -> int:
    """Return the index of the table word for an array, or for "doors"."""
    fields = _GROUPS[group].table.fields
    assert fields is not None
    place: int = fields[name][1] * 8 // WORD_BITS
    return place


def array_table(group: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Return the table of these arrays for compiled code, one record. They must outlive it.

    Raises TypeError for an array of another type, or one that is not contiguous or is read-only.
    """
    declared = _GROUPS[group]
    table = np.zeros(1, declared.table)
    for name, kind in declared.arrays.items():
        array, dtype = arrays[name], declared.dtypes[name]
        if (array.dtype, array.ndim) != (dtype, kind.ndim) or not array.flags.carray:
            wanted = f"a writable, contiguous array of {dtype} with {kind.ndim} dimension(s)"
            raise TypeError(f"{group}.{name} must be {wanted}, not {array.dtype} {array.shape}")
        table[0][name] = array.ctypes.data, *array.shape
    if group == MEM:
        table["doors"] = DOORS.ctypes.data
    return table


_call = Kernel.__call__


class _OnTable(Kernel):
    """A kernel whose first argument is a group; a call from Python passes its table instead."""

    def __call__(self, group: Any, *arguments: Any) -> Any:
        return _call(self, group.table, *arguments)

    def typeof_pyval(self, value: Any) -> Any:
        """Return the type of a table; numba asks once and remembers it by the dtype."""
        if isinstance(value, np.ndarray) and value.dtype.names:
            for name, group in _GROUPS.items():
                if value.dtype == group.table:
                    return TABLES[name]
        return super().typeof_pyval(value)


class _OnTwoTables(_OnTable):
    """A kernel whose first two arguments are groups."""

    def __call__(self, first: Any, second: Any, *arguments: Any) -> Any:
        return _call(self, first.table, second.table, *arguments)


class _OnThreeTables(_OnTable):
    """A kernel whose first three arguments are groups."""

    def __call__(self, first: Any, second: Any, third: Any, *arguments: Any) -> Any:
        return _call(self, first.table, second.table, third.table, *arguments)


_KERNELS = (Kernel, _OnTable, _OnTwoTables, _OnThreeTables)  #: by the number of groups


def _groups(compiled: Any) -> int:
    """Return how many groups a kernel takes; they are its first parameters."""
    code = compiled.py_func.__code__
    parameters = code.co_varnames[: code.co_argcount]
    return len(list(itertools.takewhile(TABLES.__contains__, parameters)))


def as_kernel(compiled: Any, kept: bool) -> Any:
    """Make a function that numba compiles a kernel, and return it.

    It accepts groups from Python if they are its first parameters. kept: whether it is cached on
    disk.
    """
    if isinstance(compiled, CPUDispatcher):
        compiled.__class__ = _KERNELS[_groups(compiled)]
        if kept:
            compiled.keep_on_disk()
    return compiled


register_model(TableType)(models.OpaqueModel)

_DATA = 2  #: words of a numpy array object before the address of its data


@unbox(TableType)
def _(kind, table, c):
    array = c.builder.bitcast(table, _BYTES.as_pointer())
    return NativeValue(c.builder.load(c.builder.gep(array, [ir.IntType(WORD_BITS)(_DATA)])))


@infer_getattr
class _Fields(AttributeTemplate):
    key = TableType

    def generic_resolve(self, kind: Any, name: str) -> Any:
        return _GROUPS[kind.group].arrays.get(name)


@lower_getattr_generic(TableType)
def _(context, builder, kind, table, name):
    group = _GROUPS[kind.group]
    array = context.make_array(group.arrays[name])(context, builder)
    word = ir.IntType(WORD_BITS)
    start = place_in_table(name, kind.group)
    at = builder.bitcast(table, word.as_pointer())
    never_changes = builder.module.add_metadata([])

    def loaded(place: int) -> Any:
        value = builder.load(builder.gep(at, [word(start + place)]))
        value.set_metadata("invariant.load", never_changes)
        return value

    shape = [loaded(1 + axis) for axis in range(group.arrays[name].ndim)]
    itemsize = word(group.dtypes[name].itemsize)
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
