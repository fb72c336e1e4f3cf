"""The C side: compiled from the files beside this one, called through ctypes."""

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
from zbudlab.mm.state import zeros

COMPILER = "gcc"
OPTIONS = ("-O3", "-march=native", "-shared", "-fPIC")
SIZE_OF_STRUCT_PAGE = 64
SIZE_OF_RADIX_TREE_NODE = 16 + 8 * layout.RADIX_TREE_MAP_SIZE


def zeroed(shape: Any, dtype: Any) -> np.ndarray:
    """A zeroed array on a page boundary whose memory the system has really handed out."""
    array = zeros(shape, dtype)
    array.view(np.uint8).fill(0)
    return array


def available() -> bool:
    """Whether this system has the C compiler."""
    return shutil.which(COMPILER) is not None


@functools.cache
def _built() -> tuple[tempfile.TemporaryDirectory, Path]:
    folder = tempfile.TemporaryDirectory(prefix="zbudlab-reference-")
    library = Path(folder.name) / "reference.so"
    source = Path(__file__).parent / "reference.c"
    subprocess.run([COMPILER, *OPTIONS, str(source), "-o", str(library)], check=True)
    return folder, library


def _own_library() -> ctypes.CDLL:
    """The library under a name of its own, so that each user has his own global variables."""
    folder, library = _built()
    with tempfile.NamedTemporaryFile(dir=folder.name, suffix=".so", delete=False) as copy:
        copy.write(library.read_bytes())
    return ctypes.CDLL(copy.name)


class Reference:
    """One machine in C: its functions as attributes; arrays go in as pointers, ints as long.

    frames: page frames, 0 = no machine (radix tree and copies only). in_page: headers stand in
    their pages; else in a table, and pages have no bytes. nodes: radix tree nodes.
    """

    def __init__(self, frames: int = 0, *, in_page: bool = True, nodes: int = 64) -> None:
        self._library = _own_library()
        page_size = layout.PAGE_SIZE if in_page else layout.CHUNK_SIZE
        self._headers = zeroed(max(frames, 1) * page_size, np.uint8)
        self._pages = zeroed(max(frames, 1) * SIZE_OF_STRUCT_PAGE, np.uint8)
        self._blocks = zeroed(frames + 1, np.uint8)
        self._nodes = zeroed(nodes * SIZE_OF_RADIX_TREE_NODE, np.uint8)
        memory = self._headers
        if not in_page:  # addresses only, nothing is read or written there
            memory = self._blocks
        self.setup(memory, self._headers, self._pages, self._blocks, self._nodes, frames)

    def __getattr__(self, name: str) -> Callable[..., int]:
        function = getattr(self._library, name)
        function.restype = ctypes.c_long
        return functools.partial(self._call, function)

    def _call(self, function: Any, *arguments: Any) -> int:
        """A method, so that whoever holds the call holds the arrays."""
        return function(
            *(
                ctypes.c_void_p(a.ctypes.data) if isinstance(a, np.ndarray) else ctypes.c_long(a)
                for a in arguments
            )
        )
