"""The same kernels compiled for WebAssembly: the engine's second home, in browsers and elsewhere.

`build()` makes one small module from the kernels of `zbudlab.mm`, with numba's front end and LLVM's
WebAssembly back end; no linker and no other compiler takes part. A host gives the module a memory
and puts there what `mem` is natively: a table of the addresses and shapes of a machine's arrays.
"""

from zbudlab.wasm.builder import BuildError, Module, build

__all__ = ["BuildError", "Module", "build"]
