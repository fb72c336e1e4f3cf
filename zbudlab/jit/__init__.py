"""The only package that knows numba: kernels compiled, cached, and run uncompiled."""

from zbudlab.jit.cache import CACHE_DIRECTORY, cache_is_kept, warm_marker
from zbudlab.jit.compile import (
    KERNELS,
    NotCompiled,
    before_compiling,
    compiling,
    kernel,
    require_compiler,
)
from zbudlab.jit.doors import door, open_doors
from zbudlab.jit.intrinsics import LARGE_MEMORY, call_codec, copy_row, prefetch_row
from zbudlab.jit.memory import array_table, declare_arrays
from zbudlab.jit.replacing import (
    as_record,
    elsewhere,
    kernel_named,
    on_plain_arrays,
    replaced,
    uncompiled,
)

__all__ = [
    "CACHE_DIRECTORY",
    "KERNELS",
    "LARGE_MEMORY",
    "NotCompiled",
    "array_table",
    "as_record",
    "before_compiling",
    "cache_is_kept",
    "call_codec",
    "compiling",
    "copy_row",
    "declare_arrays",
    "door",
    "elsewhere",
    "kernel",
    "kernel_named",
    "on_plain_arrays",
    "open_doors",
    "prefetch_row",
    "replaced",
    "require_compiler",
    "uncompiled",
    "warm_marker",
]
