"""Compressed lengths that running kernels gave the pages of the corpora, page by page.

`recorded_lengths.npz` has them for each corpus, compressor and kernel that was recorded; see
PROVENANCE.md. Kernels 7.2 and 7.3 give the same lengths, and differ from 6.1 in zstd only.
"""

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

FILE = "recorded_lengths.npz"
CORPORA = ("text", "binary", "mixed", "half")
OLD, NEW = "6.1", "7"  #: the kernels
UNKNOWN = -1
NO_BYTES = 0  #: same-filled in 6.1, all zeros in 7
TOO_LONG = 4097  #: refused; for its length no recording has more than that
FILLED = {"lz4": 33, "lzo": 53, "zstd": 25}  #: bytes of a page that repeats a word, in 7
LIKENESS = 0.9  #: the share of known lengths that must agree for a corpus to be recognised

#: Lengths that no recording shows and that follow from the pool's size: the least and the most
#: bytes that fit, by corpus, compressor and kernel, then by page. The file has the middle.
SOLVED: dict[tuple[str, str, str], dict[int, tuple[int, int]]] = {
    ("text", "zstd", NEW): {963: (1052, 1060), 964: (1532, 1540), 2047: (1632, 1672)},
}


@cache
def _table() -> dict[str, NDArray[np.int16]]:
    with (files("zbudlab.content") / FILE).open("rb") as file, np.load(file) as arrays:
        return dict(arrays)


def key(corpus: str, compressor: str, kernel: str) -> str:
    """Return the name of an array in the file."""
    return f"{corpus}-{compressor}-{kernel}"


def recorded_lengths(corpus: str, compressor: str, kernel: str) -> NDArray[np.int16] | None:
    """Return the lengths of a corpus, int16 (2048,), or None if nothing was recorded.

    UNKNOWN, NO_BYTES and TOO_LONG besides lengths; 4096 = does not compress, and is kept.
    kernel: OLD or NEW.
    """
    return _table().get(key(corpus, compressor, kernel))


def recognised(lengths: dict[int, int], compressor: str, kernel: str) -> str | None:
    """Return the corpus whose pages have these lengths, by page; None = no corpus has."""
    best, agreeing = None, 0.0
    for corpus in CORPORA:
        known = recorded_lengths(corpus, compressor, kernel)
        if known is None:
            continue
        asked = [page for page in lengths if page < len(known) and known[page] > NO_BYTES]
        same = sum(int(known[page]) == lengths[page] for page in asked)
        share = same / len(asked) if asked else 0.0
        if share > agreeing:
            best, agreeing = corpus, share
    return best if agreeing >= LIKENESS else None
