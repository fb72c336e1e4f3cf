"""Machine code that numba does not offer: rows copied and prefetched, C functions called.

These are ordinary functions; compiled code runs them as given here.
"""

import ctypes
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import lower_builtin, type_callable

WORD_BITS = 64
CACHE_LINE = 64
LARGE_MEMORY = 1 << 27  #: bytes; a page copied in a larger memory would leave the caches anyway
PREFETCH_LINES = 16  #: of a row; the processor continues by itself
_BYTES = ir.IntType(8).as_pointer()


def copy_row(rows: np.ndarray, new: int, old: int) -> None:
    """Copy row `old` of a 2-D array over row `new` with memcpy; numba's own copy allocates."""
    rows[new] = rows[old]


def prefetch_row(rows: np.ndarray, row: int) -> None:
    """Prefetch the memory of a row, or of a record if the array has one dimension."""


def call_codec(
    function: int, source: np.ndarray, i: int, length: int, target: np.ndarray, j: int, room: int
) -> int:
    """Call the C function `int f(const char *, char *, int, int)` at an address.

    Compressors have this form: `length` bytes from row i of `source` on (byte i, if it has one
    dimension) go to row j of `target`, which has `room` bytes; the result is the number of bytes
    written.
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
    """Return the address and length of a row of argument `of`, numbered by another argument."""
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
    one_line = builder.icmp_unsigned("==", length, length.type(CACHE_LINE))
    with builder.if_else(one_line) as (then, otherwise):
        with then:  # what a frame holds without page bytes: no call for that
            cgutils.raw_memcpy(builder, new, old, length.type(CACHE_LINE), 1)
        with otherwise:
            array = context.make_array(signature.args[0])(context, builder, arguments[0])
            memory = builder.mul(builder.extract_value(array.shape, 0), length)
            _copy_lines(builder, new, old, length, memory)
    return context.get_dummy_value()


def _copy_lines(builder: Any, new: Any, old: Any, length: Any, memory: Any) -> None:
    """Copy a row, past the caches if it is a page of a large memory. memory: bytes of all rows."""
    remainder = builder.and_(builder.ptrtoint(new, length.type), length.type(CACHE_LINE - 1))
    aligned = builder.icmp_unsigned("==", remainder, remainder.type(0))
    large = builder.icmp_unsigned(">=", memory, memory.type(LARGE_MEMORY))
    with builder.if_else(builder.and_(aligned, large)) as (then, otherwise):
        with then:
            cgutils.raw_memcpy(builder, new, old, length.type(CACHE_LINE), 1)
            _copy_past_the_caches(builder, new, old, length)
        with otherwise:
            cgutils.raw_memcpy(builder, new, old, length, 1)


def _copy_past_the_caches(builder: Any, new: Any, old: Any, length: Any) -> None:
    """Copy all lines except the first to an aligned target, without fetching it first."""
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
