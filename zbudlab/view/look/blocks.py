"""Memory maps as SVG: every block is 32 by 16 cells, as in the live maps.

A run of frames of the same kind is one rectangle and all rectangles of a kind are one path, so
that a map of 8,192 frames takes a few kilobytes. A map with too many runs is drawn as pixels, one
for each frame. Colours are the tokens, with the light theme as
fallback.
"""

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from itertools import groupby

import numpy as np

from zbudlab import layout
from zbudlab.view.look import rasters, tokens

SIDE, ROWS = 32, 16  #: cells of a block
BLOCK = SIDE * ROWS
ORDER = 9  #: of a block
GAP = 2  #: cells between blocks
LABEL = 7  #: cells for the label below a block
MOST_PATH = 30_000  #: characters of paths; maps that need more are drawn as pixels
FREE = (layout.FRAME_FREE, layout.FRAME_FREE_CMA)
#: Tokens of frame kinds, indexed by layout.FRAME_*.
KIND_TOKENS = rasters.KIND_TOKENS


def paint(name: str) -> str:
    """Return a token as an SVG colour, with the light theme's colour as fallback."""
    return f"var(--{name}, {tokens.colour(name)})"


def rows_of(blocks: int) -> int:
    """Return how many blocks are in a row of a map: twice as many rows at most."""
    across = 4
    while -(-blocks // across) > 2 * across:
        across *= 2
    return across


def _corner(block: int, across: int, below: int) -> tuple[int, int]:
    row, column = divmod(block, across)
    return column * (SIDE + GAP), row * (ROWS + GAP + below)


def _runs(kinds: Sequence[int], left: int, top: int) -> dict[int, list[str]]:
    """Return pieces of each kind's path in a block: one rectangle per run of frames."""
    found: dict[int, list[str]] = {}
    for row in range(ROWS):
        column = 0
        for kind, run in groupby(kinds[row * SIDE : (row + 1) * SIDE]):
            width = len(list(run))
            piece = f"M{left + column} {top + row}h{width}v1h-{width}z"
            found.setdefault(int(kind), []).append(piece)
            column += width
    return found


def _nails(kinds: Sequence[int], left: int, top: int) -> str:
    """Return the marks of immovable pages, one on each zbud page of a block, as SVG."""
    marks = []
    for place, kind in enumerate(kinds):
        if kind in layout.POOL_KINDS:
            row, column = divmod(place, SIDE)
            x, y = left + column + 0.5, top + row + 0.5
            marks.append(f'<circle cx="{x}" cy="{y}" r=".3" fill="{paint("paper")}"/>')
            marks.append(f'<circle cx="{x}" cy="{y}" r=".18" fill="{paint("ink")}"/>')
    return "".join(marks)


def svg(
    kinds: Sequence[int],
    *,
    across: int,
    alt: str,
    nails: bool = False,
    width: str = "100%",
    labels: Sequence[tuple[str, str]] = (),
) -> str:
    """Return a map of frames (layout.FRAME_*) as SVG, `across` blocks in a row.

    alt: description of the map. nails: mark zbud pages as immovable. width: an SVG width. labels:
    words below each block, and the token of their colour; blocks with the token `c_stuck` are
    outlined.
    """
    below = LABEL if labels else 0
    count = -(-len(kinds) // BLOCK)
    wide = min(count, across) * (SIDE + GAP) - GAP
    high = -(-count // across) * (ROWS + GAP + below) - GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-.5 -.5 {wide + 1} {high + 1}" '
        f'width="{width}" role="img" aria-label="{escape(alt)}">'
        f"{''.join(_shapes(kinds, count, across, nails, below))}{_labels(labels, across)}</svg>"
    )


def _labels(labels: Sequence[tuple[str, str]], across: int) -> str:
    """Return the labels below the blocks, and the outlines of spoiled blocks."""
    drawn = []
    for block, (words, token) in enumerate(labels):
        left, top = _corner(block, across, LABEL)
        bold = "" if token == "quiet" else ' font-weight="600"'
        size = 4 if len(words) <= 14 else 3.3
        place = f'x="{left}" y="{top + ROWS + 5}" font-size="{size}"{bold}'
        drawn.append(f'<text {place} fill="{paint(token)}">{escape(words)}</text>')
        if token == "c_stuck":
            outline = (
                f'fill="none" stroke="{paint(token)}" stroke-width=".6" stroke-dasharray="1.4 1"'
            )
            drawn.append(f'<path {outline} d="M{left} {top}h{SIDE}v{ROWS}h-{SIDE}z"/>')
    return "".join(drawn)


def _shapes(kinds: Sequence[int], count: int, across: int, nails: bool, below: int) -> list[str]:
    """Return the elements of a map: free blocks, runs of frames, whole blocks, nails."""
    parts: dict[int, list[str]] = {}
    plain, whole, marks = [], [], []
    for block in range(count):
        left, top = _corner(block, across, below)
        part = [int(kind) for kind in kinds[block * BLOCK : (block + 1) * BLOCK]]
        rectangle = f"M{left} {top}h{SIDE}v{-(-len(part) // SIDE)}h-{SIDE}z"
        if all(kind in FREE for kind in part) and len(part) == BLOCK:
            whole.append(rectangle)
            continue
        plain.append(rectangle)
        for kind, pieces in _runs(part, left, top).items():
            parts.setdefault(kind, []).extend(pieces)
        if nails:
            marks.append(_nails(part, left, top))
    parts.pop(layout.FRAME_FREE, None)
    drawn = [f'<path fill="{paint("free")}" d="{"".join(plain)}"/>'] if plain else []
    paths = {kind: "".join(pieces) for kind, pieces in sorted(parts.items())}
    if sum(map(len, paths.values())) > MOST_PATH:
        drawn += rasters.images(_picture(kinds, count, across, below))
    else:
        for kind, path in paths.items():
            drawn.append(f'<path fill="{paint(KIND_TOKENS[kind])}" d="{path}"/>')
    if whole:
        outline = f'stroke="{paint("whole")}" stroke-width=".5"'
        drawn.append(f'<path fill="{paint("wholefill")}" {outline} d="{"".join(whole)}"/>')
    return [*drawn, *marks]


def _picture(kinds: Sequence[int], count: int, across: int, below: int) -> np.ndarray:
    """Return the kinds of frames by their places in the map, uint8 (rows, columns)."""
    rows = -(-count // across) * (ROWS + GAP + below)
    picture = np.zeros((rows, across * (SIDE + GAP)), np.uint8)
    for block in range(count):
        left, top = _corner(block, across, below)
        part = np.zeros(BLOCK, np.uint8)
        found = kinds[block * BLOCK : (block + 1) * BLOCK]
        part[: len(found)] = found
        picture[top : top + ROWS, left : left + SIDE] = part.reshape(ROWS, SIDE)
    return picture


def image(kinds: Sequence[int], *, across: int, alt: str, nails: bool = False) -> str:
    """Return the map as an HTML image, for front ends that remove scripts and inline SVG.

    Arguments as for `svg`.
    """
    drawing = b64encode(svg(kinds, across=across, alt=alt, nails=nails, width="900").encode())
    source = f"data:image/svg+xml;base64,{drawing.decode()}"
    return f'<img alt="{escape(alt)}" style="max-width: 100%" src="{source}">'
