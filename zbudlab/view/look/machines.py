"""Machines side by side as HTML: name, number, and maps of their memory."""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from zbudlab import layout
from zbudlab.view.look import blocks, rasters, tokens

#: Keys of the legend: kind of frame, words, background.
_KEYS = (
    (layout.FRAME_ANON, "program", "var(--process)"),
    (layout.FRAME_POOL_PART, "zbud, one buddy", "var(--zbud1)"),
    (layout.FRAME_POOL_FULL, "zbud, two buddies", "var(--zbud2)"),
    (layout.FRAME_KERNEL, "kernel", "var(--kernel)"),
    (layout.FRAME_FREE_CMA, "free, in the CMA area", "var(--cma)"),
    (layout.FRAME_FREE, "free", "var(--free)"),
)
#: Words for pages of a pool where not all machines have zbud.
_OTHER_POOLS = {
    layout.FRAME_POOL_PART: "pool page with room",
    layout.FRAME_POOL_FULL: "full pool page",
}
_WHOLE = (
    '<span><i style="background: var(--wholefill); border: 1.5px solid var(--whole)"></i>{}</span>'
)


class Card(NamedTuple):
    """A machine's name, its result (`number` of `of`), and maps by their names.

    maps: kinds of frames (layout.FRAME_*), in whole blocks of 512. allocator: zswap's,
    layout.ZPOOL_*.
    """

    name: str
    number: int | None
    of: int
    maps: dict[str, Sequence[int]]
    allocator: int = layout.ZPOOL_ZBUD


def style() -> str:
    """Return the style sheet of machines and maps, as an element."""
    css = (Path(__file__).parent / "figures.css").read_text("utf-8")
    return (
        f"<style>{tokens.css('.zb-fig', sizes=False)}.zb-fig{{--sans:{tokens.SANS}}}{css}"
        f"{rasters.style('.zb-fig')}</style>"
    )


def page(cards: Sequence[Card], unit: str) -> str:
    """Return the machines as HTML; unit: what the numbers count."""
    shown = {int(kind) for card in cards for part in card.maps.values() for kind in part}
    zbud = all(card.allocator == layout.ZPOOL_ZBUD for card in cards)
    drawn = "".join(_card(card, unit) for card in cards)
    below = _legend(shown, zbud=zbud)
    return f'{style()}<div class="zb-fig"><div class="zb-three">{drawn}</div>{below}</div>'


def _card(card: Card, unit: str) -> str:
    curve = tokens.CURVES.get(card.name)
    line = f"var(--{curve.token})" if curve else "var(--edge)"
    ink = f"var(--{curve.label})" if curve and curve.token != "c_none" else "var(--ink)"
    number = ""
    if card.number is not None:
        number = (
            f'<span><b style="color: {ink}">{card.number}</b> of {card.of} {escape(unit)}</span>'
        )
    maps = "".join(
        f"<p>{escape(name)}</p>"
        + blocks.svg(kinds, across=4, alt=f"memory of the machine {card.name}, {name}")
        for name, kinds in card.maps.items()
    )
    heading = f"<header><b>{escape(card.name)}</b>{number}</header>"
    return f'<div style="border-color: {line}">{heading}{maps}</div>'


def _legend(shown: set[int], counts: Mapping[int, int] | None = None, zbud: bool = True) -> str:
    """Return the legend of kinds of frames. zbud: whether all pools are of zbud."""
    other = {} if zbud else _OTHER_POOLS
    keys = "".join(
        f'<span><i style="background: {colour}"></i>{other.get(kind, words)}'
        f"{_count(counts, kind)}</span>"
        for kind, words, colour in _KEYS
        if kind in shown
    )
    return f'<div class="zb-keys">{keys}{_WHOLE.format("512 free frames: a huge page")}</div>'


def _count(counts: Mapping[int, int] | None, kind: int) -> str:
    return "" if counts is None else f" {counts[kind]:,}"


def map_page(
    kinds: Sequence[int], title: str, note: str = "", alt: str = "", zbud: bool = True
) -> str:
    """Return the map of one machine as HTML, with a legend that counts each kind of frame.

    kinds: of frames (layout.FRAME_*). title: shown above the map. note: shown below the legend.
    alt: description of the map. zbud: whether the pool is of zbud.
    """
    counts = Counter(int(kind) for kind in kinds)
    across = blocks.rows_of(-(-len(kinds) // blocks.BLOCK))
    drawn = blocks.svg(kinds, across=across, alt=alt or title)
    heading = f"<header><b>{escape(title)}</b></header>" if title else ""
    below = f"<p>{escape(note)}</p>" if note else ""
    return (
        f'{style()}<div class="zb-fig"><div class="zb-one">{heading}{drawn}</div>'
        f"{_legend(set(counts), counts, zbud)}{below}</div>"
    )
