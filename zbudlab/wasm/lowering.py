"""Numba's part of the build: each entry and its wrapper as LLVM bitcode.

Only this file uses numba's private interfaces (`_get_module_for_linking`, the calling convention);
the exact pin of numba covers them. It must run with numba set to a generic processor, because the
bitcode of a kernel is optimised for the processor that numba compiles for (`builder.ENVIRONMENT`).
"""

from typing import Any, NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from zbudlab import jit
from zbudlab.jit.deferred import code_of, without_machine_code
from zbudlab.jit.memory import TABLES
from zbudlab.wasm.entries import Entry, Group, Parameter, Rows

WORD = ir.IntType(64)


def _numba_type(parameter: Parameter) -> Any:
    """Return numba's type of a parameter."""
    if isinstance(parameter, str):
        return TABLES[parameter]
    if isinstance(parameter, Rows):
        return types.Array(numba.from_dtype(parameter.dtype), parameter.ndim, "C")
    if isinstance(parameter, Group):
        return types.NamedTuple(list(map(_numba_type, parameter.fields)), parameter.named)
    assert isinstance(parameter, np.dtype)
    return numba.from_dtype(parameter)


def _compiled(entry: Entry) -> Any:
    """Compile an entry for its parameters; return numba's result.

    Raises TypeError, with the name of the entry, for types that do not fit.
    """
    kernel = jit.KERNELS[entry.kernel]
    signature = tuple(map(_numba_type, entry.parameters))
    try:
        kernel.compile(signature)
    except Exception as error:
        raise TypeError(f"{entry.name} does not compile for its types: {error}") from error
    return kernel.overloads[signature]


class _Wrapper:
    """The exported function of one entry: addresses and numbers in, a number out."""

    def __init__(self, entry: Entry, compiled: Any) -> None:
        self.context = compiled.target_context
        self.kinds = compiled.signature.args
        self.result = compiled.signature.return_type
        self.pair = isinstance(self.result, types.BaseTuple)
        self.module = ir.Module(f"wrapper of {entry.name}")
        words = sum(map(_words, self.kinds)) + self.pair
        form = ir.FunctionType(WORD, [WORD] * words)
        self.function = ir.Function(self.module, form, entry.name)
        self.builder = ir.IRBuilder(self.function.append_basic_block())
        self.given = iter(self.function.args)
        self._write(compiled.fndesc)

    def _write(self, called: Any) -> None:
        """Write the body: unpack the arguments, call, trap on an error, pack the result."""
        convention, builder = self.context.call_conv, self.builder
        into = next(self.given) if self.pair else None
        values = [self._argument(kind) for kind in self.kinds]
        form = convention.get_function_type(self.result, self.kinds)
        function = cgutils.get_or_insert_function(self.module, form, called.llvm_func_name)
        status, value = convention.call_function(builder, function, self.result, self.kinds, values)
        with builder.if_then(status.is_error, likely=False):
            builder.call(
                cgutils.get_or_insert_function(
                    self.module, ir.FunctionType(ir.VoidType(), []), "llvm.trap"
                ),
                [],
            )
            builder.unreachable()
        if into is None:
            builder.ret(self._word(value, self.result))
            return
        for place, kind in enumerate(self.result):
            at = builder.inttoptr(builder.add(into, WORD(8 * place)), WORD.as_pointer())
            builder.store(self._word(builder.extract_value(value, place), kind), at)
        builder.ret(WORD(0))

    def results(self) -> int:
        """Return how many numbers the function returns."""
        if self.pair:
            return len(self.result)
        return int(self.result != types.none)

    def _word(self, value: Any, kind: Any) -> Any:
        """Return a result as 64 bits."""
        if kind == types.none:
            return WORD(0)
        return self.context.cast(self.builder, value, kind, types.int64)

    def _argument(self, kind: Any) -> Any:
        """Return the value of the next argument, of one or more words."""
        if isinstance(kind, types.BaseTuple):
            values = [self._argument(each) for each in kind]
            return self.context.make_tuple(self.builder, kind, values)
        word = next(self.given)
        if isinstance(kind, types.Array):
            return self._array(kind, word)
        if isinstance(kind, types.Integer):
            return word
        return self.builder.inttoptr(word, self.context.get_value_type(kind))

    def _array(self, kind: Any, descriptor: Any) -> Any:
        """Return an array from the address of its descriptor: address, then shape."""
        builder = self.builder
        words = builder.inttoptr(descriptor, WORD.as_pointer())
        data, *shape = (
            builder.load(builder.gep(words, [WORD(place)])) for place in range(1 + kind.ndim)
        )
        itemsize = WORD(numba.np.numpy_support.as_dtype(kind.dtype).itemsize)
        strides = [itemsize]
        if kind.ndim > 1:
            strides = [builder.mul(shape[1], itemsize), itemsize]
        array = self.context.make_array(kind)(self.context, builder)
        numba.np.arrayobj.populate_array(
            array,
            data=builder.inttoptr(data, array.data.type),
            shape=cgutils.pack_array(builder, shape),
            strides=cgutils.pack_array(builder, strides),
            itemsize=itemsize,
            meminfo=None,
        )
        return array._getvalue()


def _words(kind: Any) -> int:
    """Return how many words an argument of the wrapper has."""
    return sum(map(_words, kind)) if isinstance(kind, types.BaseTuple) else 1


class Lowered(NamedTuple):
    """An entry as LLVM takes it.

    wrapper: LLVM's text. bitcode: the kernel with all it calls. results: how many numbers it
    returns. unsigned: whether the only one is an unsigned number.
    """

    wrapper: str
    bitcode: bytes
    results: int
    unsigned: bool


def lowered(entries: list[Entry]) -> list[Lowered]:
    """Return each entry compiled, with its wrapper."""
    with without_machine_code():
        return list(map(_lowered, entries))


def _lowered(entry: Entry) -> Lowered:
    """Compile an entry; return it with its wrapper."""
    compiled = _compiled(entry)
    wrapper = _Wrapper(entry, compiled)
    bitcode = code_of(compiled)._get_module_for_linking().as_bitcode()
    unsigned = wrapper.result == types.uint64
    return Lowered(str(wrapper.module), bitcode, wrapper.results(), unsigned)
