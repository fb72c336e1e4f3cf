"""Compressed lengths for machines without page bytes: recorded, from a file, or made from pages.

`zbudlab run --metadata-only` needs no content, only how long each page becomes. Recorded lengths
are those that the compressors of a running Linux 6.1 gave for 2048 pages of a kind (`mixed`,
`text`, `binary`; the pages themselves were not kept).
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zbudlab.content import recorded as by_kernel
from zbudlab.content.compressors import compress_pages, compressor
from zbudlab.content.sources import Content, SourceError, from_lengths
from zbudlab.io.values import shown
from zbudlab.layout import PAGE_SIZE, TOO_LONG
from zbudlab.profiles import Profile

Lengths = NDArray[np.int32]

RECORDED = Path(__file__).with_name("kernel_lengths.npz")
KINDS = ("mixed", "text", "binary")
METHODS = ("lz4", "lzo", "zstd")
REFUSED = -1  #: a page that does not fit in PAGE_SIZE bytes
SAME_FILLED = 0  #: 6.1 keeps such a page as one word; 7 marks one of zeros


def as_ruled(lengths: Lengths, same_filled: NDArray, *, rules: Profile) -> Lengths:
    """Return lengths as zswap sees them under `rules` (`same_filled`, `one_page_of_room`).

    same_filled: which pages repeat one word, as an index. Changes `lengths`.
    """
    if rules.same_filled:
        lengths[same_filled] = SAME_FILLED
    if not rules.one_page_of_room:
        lengths[lengths == REFUSED] = TOO_LONG
    return lengths


def recorded(kind: str, method: str, *, rules: Profile) -> Lengths:
    """Return the compressed lengths in bytes that Linux 6.1 got for 2048 pages of a kind.

    Under the rule `zeromap` they are those of Linux 7. kind: one of KINDS. method: one of METHODS.
    Raises ValueError for others.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {shown(kind)}")
    if method not in METHODS:
        raise ValueError(
            f"no lengths were recorded for {method}, only for {', '.join(METHODS)}: "
            "name files to compress, or a file of lengths"
        )
    if rules.zeromap:
        found = by_kernel.recorded_lengths(kind, method, by_kernel.NEW)
        assert found is not None  # every kind and method was recorded
        return found.astype(np.int32)
    with np.load(RECORDED) as table:
        lengths = table[f"{kind} {method}"].astype(np.int32)
        return as_ruled(lengths, table[f"{kind} same-filled"], rules=rules)


def from_file(path: str | Path, *, rules: Profile) -> Lengths:
    """Return the lengths in a file, in order: whole numbers as text, or a NumPy array (.npy).

    -1 to 4096 bytes: -1 = the page does not fit, 0 = same-filled (6.1). Raises SourceError.
    """
    try:
        if Path(path).suffix == ".npy":
            found = np.load(path, allow_pickle=False).reshape(-1)
        else:
            found = np.array(Path(path).read_text("utf-8").split(), np.int64)
    except OSError:
        raise
    except (ValueError, OverflowError, EOFError) as error:
        raise SourceError(
            f"cannot use {path}: it is not a list of whole numbers ({error})"
        ) from None
    if found.dtype.kind not in "iu" or not found.size:
        raise SourceError(f"cannot use {path}: it is not a list of whole numbers")
    if not REFUSED <= found.min() <= found.max() <= PAGE_SIZE:
        raise SourceError(
            f"cannot use {path}: lengths are {REFUSED} (refused) to {PAGE_SIZE} bytes, "
            f"not {found.min()} to {found.max()}"
        )
    return as_ruled(found.astype(np.int32), np.array([], int), rules=rules)


def of_pages(
    pages: NDArray[np.uint8], method: str, *, rules: Profile, threads: int | None = None
) -> Lengths:
    """Return the lengths that a compressor gives for pages, uint8 (n, 4096)."""
    lengths = compress_pages(compressor(method), pages, np.empty_like(pages), threads)
    if rules.zeromap:
        lengths[~pages.any(axis=1)] = SAME_FILLED
    words = pages.view(np.int64)
    return as_ruled(lengths, (words == words[:, :1]).all(axis=1), rules=rules)


def drawn(lengths: Lengths, count: int, seed: int, source: str) -> Content:
    """Return `count` lengths drawn at random from `lengths`. source: where these come from."""
    draw = np.random.Generator(np.random.PCG64(seed))
    chosen = np.empty(count, np.int32)
    for start in range(0, count, 1 << 20):  # so that not all draws are in memory at once
        part = chosen[start : start + (1 << 20)]
        part[:] = lengths[draw.integers(0, len(lengths), len(part))]
    return from_lengths(chosen, f"{count} compressed lengths, drawn with seed {seed} from {source}")


def in_turn(lengths: Lengths, source: str) -> Content:
    """Return lengths in the order of a trace. A machine that needs more starts over."""
    return from_lengths(lengths, f"{len(lengths)} compressed lengths from {source}, in their order")
