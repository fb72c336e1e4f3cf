"""Pictures of zsmalloc: zspages with their objects, what they waste, and its rivals."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from zbudlab.analysis.single_pool import HEADER, Group, Piece
from zbudlab.layout import PAGE_SIZE, ZS_HANDLE_SIZE
from zbudlab.lessons import zspages as lesson
from zbudlab.view.look import style, tokens
from zbudlab.view.toy import DARK

GAP = 0.45  #: between zspages, in heights of a page
HIGH = 0.8  #: of a page
WIDE, LEAST = 6.4, 340  #: width of figures of pages, inches; to which they shrink, pixels
ON_AMBER = "#0b0f14"  #: of numbers on the first colour of objects, which is light in both themes
NUMBERED = 420  #: bytes of a piece from which its object's number fits in it
BESIDE = 150  #: bytes left of a page at which the bracket of its zspage is
INSIDE, OUTSIDE = ("crumb", "////"), ("edge", "xxxx")  #: token and hatch of waste
STEPS = np.arange(40, PAGE_SIZE, 16)  #: lengths in the figure of waste, bytes
RATIOS = (0.7, 1.42)  #: ends of the scale of zbud's need


# --- pages with objects ------------------------------------------------------------------------


def _box(ax: Axes, start: float, end: float, y: float, token: str, hatch: str = "") -> None:
    """Draw part of a page."""
    box = Rectangle((start, y), end - start, HIGH, facecolor=tokens.colour(token), hatch=hatch)
    ax.add_patch(box).set(edgecolor=tokens.colour("paper"), linewidth=0)


def _looks(group: Group) -> dict[int, str]:
    """Return the token of each object of a zspage, by number; neighbours differ."""
    objects = dict.fromkeys(piece.number for page in group for piece in page)
    objects.pop(HEADER, None)
    looks = {number: ("zbud1", "zbud2")[place % 2] for place, number in enumerate(objects)}
    return {HEADER: "header", **looks}


def _piece(ax: Axes, piece: Piece, y: float, token: str, size: float) -> None:
    """Draw an object or a header. size: of the number, in points; 0 = none."""
    colour = tokens.colour(token)
    box = Rectangle((piece.start, y), piece.end - piece.start, HIGH, facecolor=colour)
    ax.add_patch(box).set(edgecolor=tokens.colour("paper"), linewidth=1)
    if size and piece.number != HEADER and piece.end - piece.start >= NUMBERED:
        words = ax.text((piece.start + piece.end) / 2, y + HIGH / 2, str(piece.number))
        ink = tokens.colour("paper") if colour in DARK else ON_AMBER
        words.set(ha="center", va="center", fontsize=size, fontweight="bold", color=ink)


def draw_groups(ax: Axes, groups: Sequence[Group], size: float = 0) -> float:
    """Draw pages as rows of 4096 bytes; a bracket joins those of a zspage. Return the height.

    size: of the objects' numbers, in points; 0 = none.
    """
    y = 0.0
    for group in groups:
        top, looks = y, _looks(group)
        for page in group:
            _box(ax, 0, PAGE_SIZE, y, "free")
            for piece in page:
                _piece(ax, piece, y, looks[piece.number], size)
            y += 1
        if len(group) > 1:
            _bracket(ax, top, y - 1 + HIGH)
        y += GAP
    ax.set_xlim(-BESIDE - 40, PAGE_SIZE + 10)
    ax.set_ylim(max(y - GAP, 1), -0.1)
    ax.set_axis_off()
    return y


def _bracket(ax: Axes, top: float, bottom: float) -> None:
    """Draw a bracket to the left of a zspage."""
    across = [-BESIDE / 3, -BESIDE, -BESIDE, -BESIDE / 3]
    ax.plot(
        across,
        [top, top, bottom, bottom],
        color=tokens.colour("c_zsm"),
        linestyle="-",
        linewidth=1.8,
    )


def height_of(groups: Sequence[Group]) -> float:
    """Return the height of `draw_groups`, in heights of a page."""
    return sum(len(group) + GAP for group in groups)


class Pages(Figure):
    """A figure of pages, which stays legible on a phone."""

    least = LEAST


@style.styled
def side_by_side(shown: Mapping[str, Sequence[Group]], size: float = 0) -> Figure:
    """Draw pages of several pools next to each other, with their number as title.

    shown: by name. size: of the objects' numbers, in points; 0 = none.
    """
    most = max(map(height_of, shown.values()))
    row = 0.3 if size else 0.14  # inches
    figure = Pages(figsize=(WIDE, 0.6 + row * most), layout="constrained")
    for ax, (name, groups) in zip(
        figure.subplots(1, len(shown), squeeze=False)[0], shown.items(), strict=True
    ):
        draw_groups(ax, groups, size)
        ax.set_ylim(most, -0.1)
        pages = lesson.pages_of(list(groups))
        ax.set_title(f"{name}: {pages} page{'s' * (pages != 1)}", fontsize=12, x=0.03)
    return figure


def side_values(shown: Mapping[str, Sequence[Group]]) -> str:
    """Return the numbers of pages that `side_by_side` shows, in one line."""
    return ", ".join(f"{name} {lesson.pages_of(list(each))} pages" for name, each in shown.items())


# --- one zspage --------------------------------------------------------------------------------


@style.styled
def zspage_figure(length: int, chain: int) -> Figure:
    """Draw a full zspage of objects of `length` bytes, with what it wastes inside and outside."""
    group, found = lesson.zspage(length, chain), lesson.class_of(length, chain)
    figure = Pages(figsize=(WIDE, 1.1 + 0.3 * found.pages), layout="constrained")
    ax = figure.add_subplot()
    draw_groups(ax, [group], size=9)
    for place in range(found.places):
        inside = place * found.size + min(length + ZS_HANDLE_SIZE, found.size)
        _stretch(ax, inside, (place + 1) * found.size, INSIDE)
    _stretch(ax, found.places * found.size, found.pages * PAGE_SIZE, OUTSIDE)
    ax.set_title(str(found), fontsize=13, x=0.02)
    handles = [
        Rectangle((0, 0), 1, 1, facecolor=tokens.colour("zbud1"), label="object"),
        *(
            Rectangle((0, 0), 1, 1, facecolor=tokens.colour(token), hatch=hatch, label=words)
            for (token, hatch), words in ((INSIDE, "wasted inside"), (OUTSIDE, "wasted outside"))
        ),
    ]
    for handle in handles:
        handle.set_edgecolor(tokens.colour("paper"))
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    return figure


def _stretch(ax: Axes, start: int, end: int, look: tuple[str, str]) -> None:
    """Draw waste from one byte of a zspage to another, across page boundaries."""
    while start < end:
        row, here = divmod(start, PAGE_SIZE)
        stop = min(end - row * PAGE_SIZE, PAGE_SIZE)
        _box(ax, here, stop, row, *look)
        start = row * PAGE_SIZE + stop


def zspage_values(length: int, chain: int) -> str:
    """Return what `zspage_figure` shows as text, in one line."""
    found, waste = lesson.class_of(length, chain), lesson.waste_of(length, chain)
    return (
        f"{length} bytes go to {found}; wasted for each object: {waste.inside:.0f} bytes inside, "
        f"{waste.outside:.0f} outside"
    )


# --- waste of all lengths ----------------------------------------------------------------------


@style.styled
def waste_figure() -> Figure:
    """Draw what objects of each length waste, with chains of up to 4 and of up to 8 pages."""
    figure = Figure(figsize=(style.WIDE, 3.1), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    for ax, chain in zip(axes, lesson.CHAINS, strict=True):
        inside, outside = _waste(chain)
        for low, high, (token, hatch), words in (
            (0, inside, INSIDE, "inside"),
            (inside, inside + outside, OUTSIDE, "outside"),
        ):
            drawn = ax.fill_between(STEPS, low, high, step="mid", color=tokens.colour(token))
            drawn.set(hatch=hatch, edgecolor=tokens.colour("paper"), linewidth=0, label=words)
        ax.set_title(f"up to {chain} pages: {(inside + outside).mean():.0f} bytes on average")
        ax.set_xlabel("compressed length, bytes")
        ax.set_xlim(0, PAGE_SIZE)
        ax.set_xticks(range(0, PAGE_SIZE + 1, 1024))
    axes[0].set_ylabel("wasted bytes per object")
    handles, words = axes[0].get_legend_handles_labels()
    figure.legend(handles, words, loc="outside lower center", ncols=2, frameon=False)
    return figure


def _waste(chain: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes wasted inside and outside, by length in STEPS."""
    found = np.array([lesson.waste_of(int(length), chain) for length in STEPS])
    return found[:, 0], found[:, 1]


def waste_values() -> str:
    """Return the averages and maxima that `waste_figure` shows, in one line."""
    lines = []
    for chain in lesson.CHAINS:
        inside, outside = _waste(chain)
        total = inside + outside
        lines.append(
            f"up to {chain} pages: {inside.mean():.0f} bytes inside and {outside.mean():.0f} "
            f"outside on average, {total.max():.0f} at most (length {STEPS[total.argmax()]})"
        )
    return "; ".join(lines)


# --- zbud's need compared with zsmalloc's --------------------------------------------------------


@style.styled
def ratio_figure(needs: lesson.Needs) -> Figure:
    """Draw pages of three allocators, and the ratio of two on a scale with recorded kernels'."""
    figure = Figure(figsize=(style.WIDE, 3.3), layout="constrained")
    scale, ax = figure.subplots(2, 1, height_ratios=(1, 1.3))
    _scale(scale, needs.ratio)
    names = ("zbud", "z3fold", "zsmalloc")
    colours = [tokens.colour(name) for name in ("c_stuck", "edge", "c_zsm")]
    bars = ax.barh(names, needs, 0.7, color=colours)
    ax.bar_label(bars, padding=4)
    ax.set_xlim(0, 1500)
    ax.invert_yaxis()
    ax.grid(visible=False)
    ax.set_xlabel("pages of the pool")
    return figure


def _scale(ax: Axes, ratio: float) -> None:
    """Draw a scale of zbud's pages over zsmalloc's."""
    ax.set_title(f"zbud takes {ratio:.2f} pages for each page of zsmalloc", fontsize=13)
    ax.set_xlim(*RATIOS)
    ax.set_ylim(0, 1)
    ax.axhline(0, color=tokens.colour("edge"), linewidth=1.4)
    ax.plot([1, 1], [0, 0.5], color=tokens.colour("edge"), linewidth=1, linestyle="--")
    for place, (words, there) in enumerate(lesson.recorded_ratios().items()):
        ax.plot([there, there], [0, 0.16], "-", color=tokens.colour("edge"), linewidth=1.4)
        label = ax.text(there, (0.62, 0.3)[place % 2], words, fontsize=9)
        label.set(ha="center", va="center", color=tokens.colour("quiet"))
    ax.plot([ratio], [0], "D", color=tokens.colour("c_zsm"), markersize=12, clip_on=False)
    ax.grid(visible=False)
    ax.set_yticks([])
    ax.set_xticks(np.arange(RATIOS[0], RATIOS[1], 0.1))


def ratio_values(needs: lesson.Needs) -> str:
    """Return what `ratio_figure` shows as text, in one line."""
    return (
        f"zbud {needs.zbud} pages, z3fold {needs.z3fold}, zsmalloc {needs.zsmalloc}: "
        f"zbud over zsmalloc {needs.ratio:.2f}"
    )
