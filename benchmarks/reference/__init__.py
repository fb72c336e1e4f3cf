"""The side of C: libraries compiled from the files in this folder, called through ctypes.

`reference.c` does what the kernel does, with the kernel's pointers; `alike/alike.c` has our layout
and algorithms and works on the arrays of a State.
"""

import ctypes
import functools
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.mm.state import State, zeros

COMPILER = "gcc"
OPTIONS = ("-O3", "-march=native", "-shared", "-fPIC")
SOURCES = Path(__file__).parent
SIZE_OF_STRUCT_PAGE = 64
SIZE_OF_PAGEBLOCK = 2
SIZE_OF_RADIX_TREE_NODE = 16 + 8 * layout.RADIX_TREE_MAP_SIZE


def zeroed(shape: Any, dtype: Any) -> np.ndarray:
    """Return a zeroed, page-aligned array whose memory the system has already provided."""
    array = zeros(shape, dtype)
    array.view(np.uint8).fill(0)
    return array


def available() -> bool:
    """Return whether this system has the C compiler."""
    return shutil.which(COMPILER) is not None


@functools.cache
def _built(source: str) -> tuple[tempfile.TemporaryDirectory, Path]:
    folder = tempfile.TemporaryDirectory(prefix="zbudlab-reference-")
    library = Path(folder.name) / "reference.so"
    subprocess.run([COMPILER, *OPTIONS, str(SOURCES / source), "-o", str(library)], check=True)
    return folder, library


class Library:
    """A C file as a library, with functions as attributes; each returns a long.

    source: relative to this folder. Arrays go in as pointers, ints as long. Every object has its
    own copy, and so its own global variables.
    """

    def __init__(self, source: str) -> None:
        folder, built = _built(source)
        with tempfile.NamedTemporaryFile(dir=folder.name, suffix=".so", delete=False) as copy:
            copy.write(built.read_bytes())
        self._library = ctypes.CDLL(copy.name)

    def __getattr__(self, name: str) -> Callable[..., int]:
        function = getattr(self._library, name)
        function.restype = ctypes.c_long
        return functools.partial(self._call, function)

    def _call(self, function: Any, *arguments: Any) -> int:
        """Call a function. As a method this keeps the arrays of the library alive."""
        return function(
            *(
                ctypes.c_void_p(a.ctypes.data) if isinstance(a, np.ndarray) else ctypes.c_long(a)
                for a in arguments
            )
        )


class Reference(Library):
    """One machine as in the kernel.

    frames: page frames, 0 = no machine (radix tree and copies only). in_page: headers are in
    their pages; else in a table, and pages have no bytes. nodes: radix tree nodes. source: a file
    that includes reference.c.
    """

    def __init__(
        self,
        frames: int = 0,
        *,
        in_page: bool = True,
        nodes: int = 64,
        source: str = "reference.c",
    ) -> None:
        super().__init__(source)
        page_size = layout.PAGE_SIZE if in_page else layout.CHUNK_SIZE
        self._headers = zeroed(max(frames, 1) * page_size, np.uint8)
        self._pages = zeroed(max(frames, 1) * SIZE_OF_STRUCT_PAGE, np.uint8)
        self._blocks = zeroed((frames + 1) * SIZE_OF_PAGEBLOCK, np.uint8)
        self._nodes = zeroed(nodes * SIZE_OF_RADIX_TREE_NODE, np.uint8)
        memory = self._headers
        if not in_page:  # addresses only, nothing is read or written there
            memory = self._blocks
        self._arguments = (memory, self._headers, self._pages, self._blocks, self._nodes, frames)
        self.forget()

    def forget(self) -> None:
        """Start again: all frames free except 0, no objects."""
        self._nodes.fill(0)
        self.setup(*self._arguments)


class Alike(Library):
    """C on the arrays of a State, which nothing else may use from then on."""

    def __init__(self, state: State) -> None:
        super().__init__("alike/alike.c")
        self.state = state
        buddy = (state.zones, state.pages, state.blocks)
        self.setup(*buddy, state.pools, state.rows, state.nodes, len(state.nodes))
