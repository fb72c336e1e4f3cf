"""Compressors of pages, by name: `compressor("lz4")`.

An object with a name, `compress` and `decompress` is a `Compressor`. `register` makes it available
by its name. `compress_pages` compresses many pages at once.

The compressors here are Python packages. On 2048 pages that a running Linux 6.1 also compressed
(recipe `half`: random, then constant; the easy case), lz4 and lzo give the kernel's lengths to the
byte, and zstd, whose library is newer, gives a length in the kernel's 64-byte chunk for 98 % of the
pages. On real text and binaries they match somewhat less closely.
"""

import contextlib
import ctypes
import hashlib
import importlib
import os
import threading
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from zbudlab.io.values import shown
from zbudlab.layout import PAGE_SIZE
from zbudlab.mm import crypto

Data = bytes | bytearray | memoryview | NDArray[np.uint8]


@runtime_checkable
class Compressor(Protocol):
    """The interface of a compressor. Several threads may call one object at the same time."""

    name: str

    def compress(self, page: Data) -> bytes:
        """Return the compressed page. More than PAGE_SIZE bytes mean that it does not fit."""

    def decompress(self, data: Data) -> bytes:
        """Return the page, PAGE_SIZE bytes. Raise DamagedData if the data does not yield one."""


class UnknownCompressor(ValueError):
    """No compressor has this name."""


class MissingLibrary(ValueError):
    """The compressor is known, but the Python package it needs is not installed."""


class DamagedData(ValueError):
    """These bytes do not decompress to a page."""


class UnrecordedPage(ValueError):
    """A rerun of a log needs a page that was never compressed when the log was written."""


def compressor(name: str) -> Compressor:
    """Return the compressor with a name. Raises UnknownCompressor or MissingLibrary."""
    if not isinstance(name, str) or name not in _known:
        raise UnknownCompressor(f"no compressor {shown(name)}; there are {', '.join(_known)}")
    return _known[name]()


def register(new: Compressor) -> None:
    """Make a compressor available by its name, in place of an earlier one of that name.

    Raises TypeError for an object that is not a compressor, ValueError for the name of a built-in
    one.
    """
    if not isinstance(new, Compressor):
        raise TypeError(f"new must have a name, compress and decompress, not {shown(new)}")
    if new.name in _BUILT_IN:
        raise ValueError(f"cannot register {new.name!r}: the built-in compressor has this name")
    _known[new.name] = lambda: new


def available() -> dict[str, bool]:
    """Return for each name whether the compressor's library is installed."""
    return {name: _usable(name) for name in _known}


def _usable(name: str) -> bool:
    try:
        compressor(name)
    except MissingLibrary:
        return False
    return True


# --- many pages at once ------------------------------------------------------------------------
def compress_pages(
    using: Compressor,
    pages: NDArray[np.uint8],
    out: NDArray[np.uint8],
    threads: int | None = None,
) -> NDArray[np.int32]:
    """Compress pages. Return their lengths in bytes, int32 (n,); -1 = more than PAGE_SIZE.

    pages: uint8 (n, PAGE_SIZE). out: uint8, at least as many rows; page i is written to the start
    of row i. threads: None = one per core; their number changes only the time.
    Raises ValueError for other arrays, and what `using` raises.
    """
    check_pages("pages", pages, 0)
    check_pages("out", out, len(pages))
    lengths = np.empty(len(pages), np.int32)
    shares = shares_of(len(pages), threads)
    bounds = [len(pages) * i // shares for i in range(shares + 1)]

    def share(first: int, stop: int) -> None:
        _compress_rows(using, pages[first:stop], out[first:stop], lengths[first:stop])

    if shares == 1:
        share(0, len(pages))
    else:
        with ThreadPoolExecutor(shares) as pool:
            list(pool.map(share, bounds[:-1], bounds[1:]))
    return lengths


_MIN_SHARE = 64  # pages: for fewer, a thread is not worth starting


def shares_of(pages: int, threads: int | None) -> int:
    """Return in how many threads `compress_pages` compresses so many pages.

    Raises ValueError for less than one thread.
    """
    threads = (os.cpu_count() or 1) if threads is None else threads
    if threads < 1:
        raise ValueError(f"cannot compress with {threads} threads: at least 1 is needed")
    return max(1, min(threads, pages // _MIN_SHARE))


def check_pages(name: str, array: NDArray[np.uint8], rows: int) -> None:
    """Raise ValueError unless an array is contiguous uint8 (n, PAGE_SIZE) of at least n rows."""
    form = array.dtype == np.uint8 and array.ndim == 2 and array.shape[1] == PAGE_SIZE
    if not (form and array.flags.c_contiguous and len(array) >= rows):
        raise ValueError(
            f"{name} must be contiguous uint8 (n, {PAGE_SIZE}) of at least {rows} rows,"
            f" not {array.dtype} {array.shape}"
        )


def _compress_rows(
    using: Compressor,
    pages: NDArray[np.uint8],
    out: NDArray[np.uint8],
    lengths: NDArray[np.int32],
) -> None:
    if isinstance(using, _Lz4) and using.c_compress:
        spare = np.empty(2 * PAGE_SIZE, np.uint8)
        crypto.crypto_compress_pages(using.c_compress, pages, out, spare, lengths)
        return
    for row, page in enumerate(pages):
        made = using.compress(page.data)
        lengths[row] = len(made) if len(made) <= PAGE_SIZE else -1
        if len(made) <= PAGE_SIZE:
            out[row].data[: len(made)] = made


def decompress_pages(
    using: Compressor,
    memory: NDArray[np.uint8],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    out: NDArray[np.uint8],
    rows: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Decompress pages, page i to row rows[i] of `out`. Return which succeeded, bool (n,).

    memory: contiguous uint8 of any shape. starts, lengths: of each compressed page in it, bytes,
    int64 (n,). out: uint8 (m, PAGE_SIZE); the row of a damaged page is undefined.
    """
    check_pages("out", out, int(rows.max(initial=-1)) + 1)
    source, found = memory.reshape(-1), np.zeros(len(rows), np.int64)
    if isinstance(using, _Lz4) and using.c_decompress:
        inside = (starts >= 0) & (lengths <= PAGE_SIZE) & (starts + lengths <= source.size)
        places = np.where(inside, [starts, lengths], 0)  # nothing decompresses to no page
        crypto.crypto_decompress_pages(using.c_decompress, source, *places, out, rows, found)
        return found == PAGE_SIZE
    each = zip(starts.tolist(), lengths.tolist(), rows.tolist(), strict=True)
    for i, (start, length, row) in enumerate(each):
        with contextlib.suppress(Exception):  # damaged, whatever the compressor raises
            out[row].data[:] = using.decompress(source[start : start + length].data)
            found[i] = PAGE_SIZE
    return found == PAGE_SIZE


# --- the built-in ones -------------------------------------------------------------------------
class _Package:
    """A compressor that uses a Python package, which may be missing."""

    name: str
    module: str  # to import
    package: str  # to install

    def __init__(self) -> None:
        try:
            self.imported: Any = importlib.import_module(self.module)
        except ImportError as error:
            raise MissingLibrary(
                f"compressor {self.name!r} needs the Python package {self.package},"
                f" which is not installed here: pip install {self.package}"
            ) from error

    def decompress(self, data: Data) -> bytes:
        """Return the page, PAGE_SIZE bytes. Raise DamagedData for any exception of the library."""
        try:
            page = self.expand(data)
        except Exception as error:  # each library raises others, some a bare Exception
            raise DamagedData(
                f"{self.name} cannot decompress {len(data)} bytes: {error}"
            ) from error
        return _whole_page(self.name, data, page)

    def expand(self, data: Data) -> bytes:
        raise NotImplementedError


def _whole_page(name: str, data: Data, page: bytes) -> bytes:
    if len(page) != PAGE_SIZE:
        raise DamagedData(
            f"{name} made {len(page)} bytes of {len(data)}, not a page of {PAGE_SIZE}"
        )
    return page


class _Lz4(_Package):
    """LZ4 blocks without a size prefix, as crypto/lz4.c makes them.

    c_compress, c_decompress: addresses of the same functions in the C library that the package
    `lz4` has, for compiled code to call; 0 where they are hidden, as on Windows.
    """

    name, module, package = "lz4", "cramjam", "cramjam"

    def __init__(self) -> None:
        super().__init__()
        self.c_compress = _c_function("lz4.block._block", "LZ4_compress_default")
        self.c_decompress = _c_function("lz4.block._block", "LZ4_decompress_safe")

    def compress(self, page: Data) -> bytes:
        return bytes(self.imported.lz4.compress_block(page, store_size=False))

    def expand(self, data: Data) -> bytes:
        return bytes(self.imported.lz4.decompress_block(data, output_len=PAGE_SIZE))


def _c_function(module: str, name: str) -> int:
    """Return the address of a function in the library of an extension module; 0 if unavailable."""
    try:
        library = ctypes.CDLL(importlib.import_module(module).__file__ or "")
        return ctypes.cast(library[name], ctypes.c_void_p).value or 0
    except (AttributeError, ImportError, OSError):
        return 0


class _Lzo(_Package):
    """LZO1X-1 without a header, as crypto/lzo.c makes it."""

    name, module, package = "lzo", "lzo", "python-lzo"

    def compress(self, page: Data) -> bytes:
        made: bytes = self.imported.compress(bytes(page), 1, False)
        return made

    def expand(self, data: Data) -> bytes:
        page: bytes = self.imported.decompress(bytes(data), False, PAGE_SIZE)
        return page


class _Zstd(_Package):
    """Zstandard level 3, with parameters for an unknown length, as crypto/zstd.c."""

    name, module, package = "zstd", "zstandard", "zstandard"

    def __init__(self) -> None:
        super().__init__()
        self.settings = self.imported.ZstdCompressionParameters.from_level(
            3, source_size=0, write_content_size=True
        )
        self.own = threading.local()  # a context serves one thread at a time

    def compress(self, page: Data) -> bytes:
        if not hasattr(self.own, "compress"):
            context = self.imported.ZstdCompressor(compression_params=self.settings)
            self.own.compress = context.compress
        made: bytes = self.own.compress(page)
        return made

    def expand(self, data: Data) -> bytes:
        stated = self.imported.frame_content_size(data)
        if stated != PAGE_SIZE:  # asked first: a damaged frame can claim gigabytes
            raise ValueError(f"its header states {stated} bytes")
        if not hasattr(self.own, "decompress"):
            self.own.decompress = self.imported.ZstdDecompressor().decompress
        page: bytes = self.own.decompress(data)
        return page


class _Deflate(_Package):
    """Raw deflate with a window of 2 KiB, as crypto/deflate.c; lengths vary with the zlib used."""

    name, module, package = "deflate", "zlib", "zlib"
    window = -11  # bits; negative: no header

    def compress(self, page: Data) -> bytes:
        stream = zlib.compressobj(wbits=self.window, memLevel=9)
        return stream.compress(bytes(page)) + stream.flush()

    def expand(self, data: Data) -> bytes:
        return zlib.decompressobj(self.window).decompress(bytes(data), PAGE_SIZE)


class _Stored:
    """No compression. The result does not fit into a zbud page."""

    name = "none"

    def compress(self, page: Data) -> bytes:
        return bytes(page)

    def decompress(self, data: Data) -> bytes:
        return _whole_page(self.name, data, bytes(data))


class Recorded:
    """Return recorded output of another compressor; compress nothing.

    name: of that compressor. table: its output by the SHA-256 (32 bytes) of the page.
    """

    def __init__(self, name: str, table: Mapping[bytes, bytes]) -> None:
        self.name = name
        self.table = table

    def compress(self, page: Data) -> bytes:
        """Return what was recorded for a page. Raise UnrecordedPage if nothing was."""
        digest = hashlib.sha256(bytes(page)).digest()
        if digest not in self.table:
            raise UnrecordedPage(
                f"page with SHA-256 {digest.hex()} is not among the {len(self.table)}"
                f" that {self.name} compressed in the recording"
            )
        return self.table[digest]

    def decompress(self, data: Data) -> bytes:
        """Return the page, decompressed by the real compressor of that name."""
        return compressor(self.name).decompress(data)


_BUILT_IN: dict[str, Callable[[], Compressor]] = {
    kind.name: kind for kind in (_Lz4, _Lzo, _Zstd, _Deflate, _Stored)
}
_known = dict(_BUILT_IN)
