"""Kernels that compiled code reaches through their addresses.

Compiled code contains everything that it calls, so every caller holds another copy. A kernel that
few machines need, called on a path that all of them take, therefore costs everyone compile time. A
`door` separates the two: the caller contains one jump through a table, and the kernel behind it is
compiled when `open_doors` is called for its kind. Before that, a call through the door ends in
SystemError.

WebAssembly has no such table: with ZBUDLAB_DOORS=0 in the environment, while a module is built, a
door is the kernel itself.
"""

import functools
import inspect
import os
import zlib
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.types.misc import VarArg, unliteral
from numba.core.typing import signature
from numba.extending import lower_builtin, type_callable

from zbudlab.jit.deferred import code_of
from zbudlab.jit.memory import DOORS, MEMORY, place_in_table
from zbudlab.jit.replacing import originals

RESULTS: dict[type | None, Any] = {int: types.int64, bool: types.boolean, None: types.none}
HANDLES = types.Array(types.int64, 1, "C")
WORD = ir.IntType(64)

_doors: dict[int, Callable[..., Any]] = {}  #: by their places in the table
_opened: set[int] = set()


def _place(kernel: Any) -> int:
    """Return the place of a kernel's door in the table.

    Compiled code on disk contains it, so it depends only on the kernel's name. Raises ValueError if
    another door has it.
    """
    name = f"{kernel.py_func.__module__}.{kernel.py_func.__name__}"
    place = zlib.crc32(name.encode()) % len(DOORS)
    if place in _doors:
        raise ValueError(f"the door of {name} would be in place {place}, where another one is")
    return place


def door(
    kernel: Any,
    kind: int,
    result: type | None = int,
    *,
    records: dict[str, np.dtype] | None = None,
    arrays: dict[str, np.dtype] | None = None,
) -> Any:
    """Return a function that calls a kernel through its address.

    The kernel takes `mem`, then whole numbers; a parameter `handles` is an array of them.

    kind: what `open_doors` must be called with before compiled code calls the function. result: of
    the kernel: int, bool, or None. records, arrays: the dtypes of parameters that are records or
    arrays of them. Raises ValueError if another door has the same place in the table.
    """
    if os.environ.get("ZBUDLAB_DOORS") == "0" or not hasattr(kernel, "py_func"):
        return kernel

    @functools.wraps(kernel.py_func)
    def call(*arguments: Any) -> Any:
        return kernel(*arguments)

    place, code = _place(kernel), kernel.py_func.__code__
    kinds = {"handles": HANDLES}
    kinds |= {name: numba.from_dtype(each) for name, each in (records or {}).items()}
    for name, each in (arrays or {}).items():
        kinds[name] = types.Array(numba.from_dtype(each), 1, "C")
    names = code.co_varnames[1 : code.co_argcount]
    given = [kinds.get(name, types.int64) for name in names]
    form = signature(RESULTS[result], MEMORY, *given)
    call.__dict__.update(behind=kernel, kind=kind, form=form)
    _doors[place] = call
    type_callable(call)(lambda context: _typer(form, inspect.signature(kernel.py_func)))
    lower_builtin(call, VarArg(types.Any))(_lowered(place))
    return call


def _typer(form: Any, parameters: inspect.Signature) -> Any:
    """Return a function that numba asks for the signature of a call."""

    def typer(*given: Any) -> Any:
        return form

    typer.__dict__["__signature__"] = parameters
    return typer


def _lowered(place: int) -> Any:
    """Return what compiled code does in place of a call: fetch the address and jump there."""

    def lower(context: Any, builder: Any, form: Any, arguments: Any) -> Any:
        table = builder.bitcast(arguments[0], WORD.as_pointer())
        doors = builder.inttoptr(
            builder.load(builder.gep(table, [WORD(place_in_table("doors"))])), WORD.as_pointer()
        )
        convention = context.call_conv
        kind = convention.get_function_type(form.return_type, form.args).as_pointer()
        callee = builder.inttoptr(builder.load(builder.gep(doors, [WORD(place)])), kind)
        status, result = convention.call_function(
            builder, callee, form.return_type, form.args, arguments
        )
        with cgutils.if_unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return result

    return lower


def open_doors(kind: int) -> None:
    """Compile the kernels behind the doors of a kind, and let compiled code call them."""
    if kind in _opened:
        return
    with originals():
        for place, each in _doors.items():
            values: dict[str, Any] = each.__dict__
            if values["kind"] == kind:
                DOORS[place] = _address(values["behind"], values["form"])
    _opened.add(kind)


def _address(kernel: Any, form: Any) -> int:
    """Return the address of a kernel compiled for a signature.

    Raises TypeError if it returns something else.
    """
    kernel.compile(form.args)
    compiled = kernel.overloads[form.args]
    if unliteral(compiled.signature.return_type) != form.return_type:
        found = compiled.signature.return_type
        raise TypeError(f"{kernel.py_func.__name__} returns {found}, its door {form.return_type}")
    address: int = code_of(compiled).get_pointer_to_function(compiled.fndesc.llvm_func_name)
    return address
