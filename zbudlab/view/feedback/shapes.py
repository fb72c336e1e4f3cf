"""Drawings of small states in SVG: zbud pages chunk by chunk, and blocks of page frames.

What only one of two states has is outlined: `mark` is the token of the outline, good or bad.
"""

from collections.abc import Callable, Collection, Sequence
from html import escape
from typing import TypeVar

from zbudlab.view.look.blocks import paint

CHUNKS = 64
WIDTH = 520  #: of a drawing, in its own units
STRIP = 40  #: height of a zbud page or a zspage
ROW = 82  #: from one zbud page to the next
FEW = 64  #: page frames that are drawn large

Entry = TypeVar("Entry")


def box(x: float, y: float, width: float, height: float, colour: str) -> str:
    """Return a filled rectangle. colour: a token."""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{paint(colour)}"/>'
    )


def outline(x: float, y: float, width: float, height: float, mark: str) -> str:
    """Return the outline of what differs. mark: good (dashed) or bad."""
    dashes = ' stroke-dasharray="7 4"' if mark == "good" else ""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="5" fill="none" '
        f'stroke="{paint(mark)}" stroke-width="3"{dashes}/>'
    )


def _edge(x: float, y: float, width: float, height: float) -> str:
    return (
        f'<rect x="{x + 0.5:g}" y="{y + 0.5:g}" width="{width - 1:g}" height="{height - 1:g}" '
        f'fill="none" stroke="{paint("edge")}"/>'
    )


def line(x: float, top: float, bottom: float, colour: str, width: float) -> str:
    """Return a vertical line. colour: a token."""
    return (
        f'<path d="M{x:g} {top:g}V{bottom:g}" fill="none" stroke="{paint(colour)}" '
        f'stroke-width="{width:g}"/>'
    )


def words(x: float, y: float, text: str, anchor: str = "start", colour: str = "ink") -> str:
    """Return a text. anchor: start, middle or end of it is at (x, y). colour: a token."""
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{paint(colour)}">'
        f"{escape(text)}</text>"
    )


def drawing(parts: Sequence[str], height: float, alt: str) -> str:
    """Return parts as an SVG. alt: its description."""
    return (
        f'<svg viewBox="-4 -4 {WIDTH + 8} {height:g}" role="img" aria-label="{escape(alt)}" '
        f'font-size="17" preserveAspectRatio="xMinYMin">{"".join(parts)}</svg>'
    )


def _object(handle: int, chunks: int) -> str:
    return f"object {handle}, {chunks} chunk{'s' if chunks != 1 else ''}"


def _page(entry: Sequence[int], top: float) -> str:
    """Draw a zbud page. entry: handle and chunks of the first buddy, then of the last one."""
    first, first_chunks, last, last_chunks = entry[:4]
    one = WIDTH / CHUNKS
    parts = [box(0, top, WIDTH, STRIP, "free"), box(0, top, one, STRIP, "header")]
    if first:
        parts.append(box(one, top, first_chunks * one, STRIP, "zbud1"))
        parts.append(words(one, top + STRIP + 23, _object(first, first_chunks)))
    if last:
        start = WIDTH - last_chunks * one
        parts.append(box(start, top, last_chunks * one, STRIP, "zbud2"))
        parts.append(words(WIDTH, top + STRIP + 23, _object(last, last_chunks), "end"))
    return "".join(parts)


def column(
    entries: Sequence[Entry],
    draw: Callable[[Entry, float], str],
    row: float,
    marked: Collection[int],
    mark: str,
) -> list[str]:
    """Draw entries one below the other, and outline those at the places `marked`.

    draw: draws an entry at a height. row: from one entry to the next. mark: good or bad.
    """
    parts = []
    for place, entry in enumerate(entries):
        top = place * row + 4
        parts.append(draw(entry, top))
        if place in marked:
            parts.append(outline(-1, top - 3, WIDTH + 2, STRIP + 6, mark))
    return parts


def zbud_pages(entries: Sequence[Sequence[int]], marked: Collection[int], mark: str) -> str:
    """Return zbud pages one below the other, the newest first.

    entries: of the LRU list as traces print it. marked: places of the pages to outline.
    """
    parts = column(entries, _page, ROW, marked, mark)
    if not entries:
        parts.append(words(0, 18, "no page", colour="quiet"))
    told = "; ".join(
        ", ".join(_object(entry[at], entry[at + 1]) for at in (0, 2) if entry[at])
        for entry in entries
    )
    count = f"{len(entries)} zbud page{'s' if len(entries) != 1 else ''}"
    return drawing(parts, max(len(entries), 0.4) * ROW + 4, f"{count}: {told}" if told else count)


def free_blocks(
    blocks: Sequence[tuple[int, int]], frames: int, marked: Collection[tuple[int, int]], mark: str
) -> str:
    """Return page frames in rows, with the free blocks outlined and their orders written in.

    blocks: (first frame, order) of each free block. marked: the blocks to outline in `mark`.
    """
    across = 16 if frames <= FEW else 32
    side = WIDTH // across
    parts = [
        box(at % across * side, at // across * side, side - 2, side - 2, "process")
        for at in range(frames)
    ]
    for start, order in blocks:
        for row, column, width in _pieces(start, 1 << order, across):
            x, y, wide = column * side, row * side, width * side - 2
            parts.append(box(x, y, wide, side - 2, "free"))
            parts.append(_edge(x, y, wide, side - 2))
            if (start, order) in marked:
                parts.append(outline(x + 1.5, y + 1.5, wide - 3, side - 5, mark))
        row, column, width = _pieces(start, 1 << order, across)[0]
        middle = column * side + (width * side - 2) / 2
        parts.append(words(middle, row * side + side / 2 + 5, str(order), "middle"))
    told = ", ".join(f"order {order} at frame {start}" for start, order in blocks) or "none"
    return drawing(parts, -(-frames // across) * side + 8, f"free blocks: {told}")


def _pieces(start: int, size: int, across: int) -> list[tuple[int, int, int]]:
    """Return the rows, first columns and widths that a run of frames takes."""
    found, end = [], start + size
    while start < end:
        row, column = divmod(start, across)
        width = min(across - column, end - start)
        found.append((row, column, width))
        start += width
    return found
