"""The module inside Python: kernels run in wasmtime while everything else stays as it is.

    with Home(build()).running():
        ...  # machines and conformance tests made here use WebAssembly

It serves tests and measurements; browsers have a driver in JavaScript. Needs the package
`wasmtime`.
"""

import atexit
import contextlib
import ctypes
import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from zbudlab import jit
from zbudlab.driver.work import Operations, Work
from zbudlab.layout import PAGE_SIZE
from zbudlab.mm.mem import Memory
from zbudlab.mm.state import State
from zbudlab.swap.swapping import Swap
from zbudlab.wasm.builder import Module
from zbudlab.wasm.describe import STACK_TOP, WORD

WASM_PAGE = 1 << 16
ROOM = 1 << 28  #: bytes of linear memory, unless asked for; the system supplies what is used
#: Kernels that call C functions of this process; a module can't. They reach linear memory, too.
#: With each are those that it calls: a first compilation fails while they are replaced.
NATIVE = (
    "crypto.crypto_compress_page",
    "crypto.crypto_compress_pages",
    "crypto.crypto_decompress_pages",
    "stored_pages.zswap_store_pages",
    "stored_pages.zswap_store_some",
    "stored_pages.zswap_load_pages",
)
ALIGNED = 64  #: bytes
SIGN = 1 << 63


class OutOfRoom(MemoryError):
    """The linear memory of a home is full."""


@functools.cache
def _compiled(code: bytes) -> tuple[Any, Any]:
    """Return wasmtime's engine, and a module as machine code for it."""
    import wasmtime

    engine = wasmtime.Engine()
    return engine, wasmtime.Module(engine, code)


atexit.register(_compiled.cache_clear)  # wasmtime frees nothing once Python has left its modules


def _address(value: Any) -> int:
    """Return the address of an array or a record in this process."""
    if isinstance(value, np.ndarray):
        return int(value.ctypes.data)
    return int(value.__array_interface__["data"][0])


class _Export:
    """One export, called some twenty times faster than through wasmtime's `Func.__call__`.

    That asks for the types of the parameters at each call; all of ours are 64-bit integers.
    """

    def __init__(self, store: Any, function: Any) -> None:
        from wasmtime import _ffi

        self.ffi, self.function = _ffi, ctypes.byref(function._func)
        self.context = store._context()
        self.store = store  # kept alive for the context
        self.given = (_ffi.wasmtime_val_t * len(function.type(store).params))()
        for each in self.given:
            each.kind = _ffi.WASMTIME_I64
        self.answer = (_ffi.wasmtime_val_t * 1)()

    def __call__(self, words: list[int]) -> int:
        """Call with one number per word. Raises wasmtime's errors."""
        import wasmtime

        for place, word in zip(self.given, words, strict=True):
            place.of.i64 = word
        trap = ctypes.POINTER(self.ffi.wasm_trap_t)()
        error = self.ffi.wasmtime_func_call(
            self.context, self.function, self.given, len(words), self.answer, 1, ctypes.byref(trap)
        )
        if trap:
            raise wasmtime.Trap._from_ptr(trap)
        if error:
            raise wasmtime.WasmtimeError._from_ptr(error)
        return int(self.answer[0].of.i64)


class Home:
    """One instance of a module, with its memory.

    module: from `build()`. room: bytes of linear memory. Arrays of machines that are made within
    `running()` are in that memory and are never freed; other arrays are copied in and out by each
    call.
    """

    def __init__(self, module: Module, room: int = ROOM) -> None:
        import wasmtime

        self.description = module.description
        engine, code = _compiled(module.code)
        self.store = store = wasmtime.Store(engine)
        exports = wasmtime.Instance(store, code, []).exports(store)
        self.memory = exports["memory"]
        self.memory.grow(store, room // WASM_PAGE - self.memory.size(store))
        self.exports = {
            name: _Export(store, exports[name]) for name in module.description["exports"]
        }
        self.base = ctypes.addressof(self.memory.data_ptr(store).contents)
        self.bytes = np.ctypeslib.as_array(self.memory.data_ptr(store), (room,))
        self.free = STACK_TOP  # what stays grows upwards from here,
        self.edge = room  # what a call needs, downwards from here

    # --- memory --------------------------------------------------------------------------------

    def allocate(self, nbytes: int, like: int = 0) -> int:
        """Return the place of that many zeroed bytes, as far into a page as `like` is."""
        place = self.free + (like - self.free) % PAGE_SIZE
        self._check(place + nbytes, self.edge)
        self.free = place + nbytes
        return place

    def lend(self, nbytes: int) -> int:
        """Return the place of that many bytes, until the call ends."""
        edge = (self.edge - nbytes) // ALIGNED * ALIGNED
        self._check(self.free, edge)
        self.edge = edge
        return edge

    def _check(self, free: int, edge: int) -> None:
        if free > edge:
            raise OutOfRoom(f"the home's {len(self.bytes)} bytes are full: raise `room`")

    def holds(self, value: Any) -> bool:
        """Return whether an array or a record is in linear memory."""
        return 0 <= _address(value) - self.base < len(self.bytes)

    def place(self, array: np.ndarray) -> np.ndarray:
        """Return an array in linear memory: this one, or a copy."""
        if not array.nbytes or self.holds(array):
            return array
        place = self.allocate(array.nbytes, like=_address(array))
        self.bytes[place : place + array.nbytes] = np.ascontiguousarray(array).view(np.uint8).flat
        return self.view(place, array.dtype, array.shape)

    def view(self, place: int, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
        """Return the array at a place."""
        nbytes = dtype.itemsize * int(np.prod(shape))
        return self.bytes[place : place + nbytes].view(dtype).reshape(shape)

    # --- calls ---------------------------------------------------------------------------------

    def call(self, name: str, *arguments: Any) -> Any:
        """Call an export as its kernel is called, and return what the kernel returns."""
        export = self.description["exports"][name]
        passing = _Passing(self)
        try:
            words = [word for each in arguments for word in passing.words(each)]
            if export["results"] < 2:
                answer = self.exports[name](words)
                answer += 2 * SIGN if export["unsigned"] and answer < 0 else 0
                return answer if export["results"] else None
            place = self.lend(WORD * export["results"])
            self.exports[name]([place, *words])
            return tuple(self.view(place, np.dtype(np.int64), (export["results"],)).tolist())
        finally:
            passing.bring_back()
            self.edge = len(self.bytes)

    def prepared(self, name: str, *arguments: Any) -> Callable[[], int]:
        """Return a function that makes this call, each time without Python's share of it.

        The export returns one number. Raises ValueError for an array outside linear memory.
        """
        passing = _Passing(self, stays=True)
        words = [word for each in arguments for word in passing.words(each)]
        if passing.copies:
            raise ValueError(f"{name} can be prepared only for arrays in linear memory")
        return functools.partial(self.exports[name], words)

    def table(self, mem: Memory) -> int:
        """Return the place of the table of a machine's arrays."""
        if "place" not in mem.__dict__:
            table = mem.table.view(np.uintp).copy()
            at = 0
            for array in mem:
                if array.nbytes and not self.holds(array):
                    raise ValueError("mem has arrays outside the home: make it within running()")
                table[at] -= self.base if array.nbytes else table[at]
                at += 1 + array.ndim
            place = self.allocate(table.nbytes)
            self.bytes[place : place + table.nbytes] = table.view(np.uint8)
            mem.__dict__["place"] = place
        return mem.__dict__["place"]

    # --- instead of compiled kernels -----------------------------------------------------------

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Run kernels here within a block; one that the module lacks raises NotImplementedError."""
        forms = {name: self._form(name) for name in jit.KERNELS if name not in NATIVE}
        before = State.place
        try:
            State.place = staticmethod(self.place)
            Swap.calls_c = False
            with jit.elsewhere(forms):
                yield
        finally:
            State.place = before
            Swap.calls_c = True

    def _form(self, kernel: str) -> Callable[..., Any]:
        """Return the function that replaces a kernel; it chooses the export by the arguments."""
        exports = self.description["exports"]
        names = [name for name, export in exports.items() if export["kernel"] == kernel]
        dtypes = {name: exports[name]["parameters"][:1] for name in names}

        def call(*arguments: Any) -> Any:
            for name in names:
                if len(names) == 1 or self._fits(arguments[0], dtypes[name][0]):
                    return self.call(name, *arguments)
            raise NotImplementedError(f"the module has no {kernel} for these arguments")

        return call

    @staticmethod
    def _fits(array: np.ndarray, parameter: Any) -> bool:
        from zbudlab import layout

        return bool(array.dtype == getattr(layout, parameter["dtype"]))


class _Passing:
    """The arguments of one call, with the arrays that were copied for it.

    stays: keep them in linear memory when the call has ended.
    """

    def __init__(self, home: Home, stays: bool = False) -> None:
        self.home = home
        self.room = home.allocate if stays else home.lend
        self.copies: list[tuple[int, int, int]] = []  # address here, place there, bytes

    def words(self, value: Any) -> list[int]:
        """Return an argument as the module takes it; a named tuple of arrays is several."""
        if isinstance(value, Work | Operations):
            return [self._descriptors(value)]
        if isinstance(value, tuple) and not isinstance(value, Memory):
            return [self._descriptors([each]) for each in value]
        return [self._word(value)]

    def _word(self, value: Any) -> int:
        if isinstance(value, Memory):
            return self.home.table(value)
        if isinstance(value, np.ndarray):
            return self._descriptors([value])
        if isinstance(value, np.void):
            return self._place(value, value.nbytes)
        number = int(value)
        return number - 2 * SIGN if number >= SIGN else number

    def _descriptors(self, arrays: Iterable[np.ndarray]) -> int:
        """Return the place of the descriptors of some arrays, one after the other."""
        words: list[int] = []
        for array in arrays:
            if not array.flags.c_contiguous:
                raise TypeError("the module takes contiguous arrays only")
            words += self._place(array, array.nbytes), *array.shape
        place = self.room(WORD * len(words))
        self.home.view(place, np.dtype(np.int64), (len(words),))[:] = words
        return place

    def _place(self, value: Any, nbytes: int) -> int:
        """Return the place of an array or record, copied if it is elsewhere; of an empty one, 0."""
        if not nbytes:
            return 0
        address = _address(value)
        if 0 <= address - self.home.base < len(self.home.bytes):
            return address - self.home.base
        place = self.room(nbytes)
        ctypes.memmove(self.home.base + place, address, nbytes)
        self.copies.append((address, place, nbytes))
        return place

    def bring_back(self) -> None:
        """Copy arrays back."""
        for address, place, nbytes in self.copies:
            ctypes.memmove(address, self.home.base + place, nbytes)
