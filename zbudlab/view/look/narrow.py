"""A figure drawn once more for narrow pages, where the wide drawing could not be read.

Parts side by side are stacked, legends go below, and words that lack room are wrapped.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from textwrap import fill
from typing import Any
from warnings import catch_warnings, simplefilter

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec, SubplotSpec
from matplotlib.legend import Legend
from matplotlib.text import Annotation, Text
from matplotlib.ticker import FixedFormatter, FixedLocator
from matplotlib.transforms import ScaledTranslation

from zbudlab.view.look import style

INCHES = 3.9  #: width of the drawing
MOST = 480  #: pixels to which the drawing grows
LINE = 0.19  #: height of a line of text, in inches
STACKED = 0.8  #: height of a stacked part, compared with its height side by side
MANY = 4  #: parts side by side that become two columns
SIZE = 9  #: of the font in tick labels and within the drawing, in points
NAMES, ENDS = 0.3, 0.34  #: most width for names at the left, and for names at the ends of curves
ENTRY = 34  #: letters in a line of a legend
LETTERS = 46  #: of a line as wide as the drawing
ROOM = 0.93  #: of the width that words may take, as the parts still shift a little
BETWEEN = 6  #: pixels between names below the axes
SCREEN_LINE = LINE * style.SCREEN_DPI  #: height of a line in pixels
CLOSE = 1.15  #: times the room taken by numbers below the axes, as they are not at its ends
UNDER = 0.44  #: from axes with a name down to their legend, in inches
NUMBER = re.compile(r"[-\N{MINUS SIGN}\d.,e %]+")


def can_be(figure: Figure) -> bool:
    """Return whether a figure is too wide for a narrow page and adapts its layout to its size."""
    wide = figure.get_size_inches()[0] > INCHES and not hasattr(figure, "least")
    return bool(wide) and figure.get_layout_engine() is not None


def switch(scope: str) -> str:
    """Return the rules that show one of the drawings of `both` in containers within `scope`."""
    hide, show = "{display:none!important}", "{display:block!important}"
    return (
        f"{scope} .narrow{hide}@container (max-width: {style.LEAST - 1}px)"
        f"{{{scope} .wide{hide}{scope} .narrow{show}}}"
    )


def both(wide: str, figure: Figure, alt: str) -> str:
    """Return the wide drawing of a figure with one for narrow pages, if its layout adapts."""
    if not can_be(figure):
        return wide
    return f'<div class="wide">{wide}</div><div class="narrow">{drawing(figure, alt)}</div>'


def drawing(figure: Figure, alt: str) -> str:
    """Return a figure as SVG for narrow pages; alt: its description."""
    with narrowed(figure):
        return style.themed(figure, alt, least=0, most=MOST)


@contextmanager
def narrowed(figure: Figure) -> Iterator[Figure]:
    """Within the context, give a figure its form for narrow pages."""
    with ExitStack() as undo, mpl.rc_context(style.RC):
        wide, high = figure.get_size_inches()
        undo.callback(figure.set_size_inches, wide, high)
        high = _stack(figure, undo) * high
        figure.set_size_inches(INCHES, high)
        lines = sum(_below(legend, undo) for legend in figure.findobj(Legend))
        for text in _inside(figure):
            _change(text, undo, fontsize=min(text.get_fontsize(), SIZE))
        figure.set_size_inches(INCHES, high + LINE * lines)
        with catch_warnings():  # until its names are wrapped, a part may have no room at all
            simplefilter("ignore", UserWarning)
            figure.draw_without_rendering()
        lines += _wrap(figure, undo)
        figure.set_size_inches(INCHES, high + LINE * lines)
        yield figure


def _change(artist: Text, undo: ExitStack, **values: object) -> None:
    """Set properties of an artist, and note how to restore them."""
    undo.callback(artist.set, **{name: getattr(artist, f"get_{name}")() for name in values})
    artist.set(**values)


def _stack(figure: Figure, undo: ExitStack) -> float:
    """Put parts side by side below each other. Return by how much this makes the figure higher."""
    higher = 1.0
    for grid in dict.fromkeys(_grids(figure)):
        parts = [ax for ax in figure.axes if _grid(ax) is grid]
        columns = 2 if grid.ncols >= MANY else 1
        rows = -(-len(parts) // columns)
        stacked = GridSpec(rows, columns, figure=grid.figure)
        for place, ax in enumerate(parts):
            undo.callback(ax.set_subplotspec, _place(ax))
            ax.set_subplotspec(stacked[place // columns, place % columns])
            _show_names(ax, undo)
        higher = max(higher, STACKED * rows / grid.nrows)
    return higher


def _grids(figure: Figure) -> Iterator[GridSpec]:
    """Yield the grids of axes with more than one column."""
    for ax in figure.axes:
        grid = _grid(ax)
        if grid is not None and grid.ncols > 1:
            yield grid


def _grid(ax: Axes) -> GridSpec | None:
    grid = _place(ax).get_gridspec() if ax.get_subplotspec() is not None else None
    return grid if isinstance(grid, GridSpec) else None


def _place(ax: Axes) -> SubplotSpec:
    place = ax.get_subplotspec()
    assert place is not None
    return place


def _show_names(ax: Axes, undo: ExitStack) -> None:
    """Show the names at the left of a part that shared those of the part at its left."""
    if not ax.yaxis.get_tick_params().get("labelleft", True):
        undo.callback(ax.tick_params, axis="y", labelleft=False)
        ax.tick_params(axis="y", labelleft=True)


def _below(legend: Legend, undo: ExitStack) -> int:
    """Move a legend that is outside its axes below them. Return how many lines that adds."""
    names = [text.get_text() for text in legend.get_texts()]
    columns = max(min(len(names), LETTERS // (max(map(len, names), default=0) + 6)), 1)
    form: Any = {
        "handles": _handles(legend, names),
        "labels": [_wrapped(name, ENTRY) for name in names],
        "title": legend.get_title().get_text() or None,
        "ncols": columns,
        "frameon": False,
        "fontsize": legend.get_texts()[0].get_fontsize() if names else None,
    }
    ax, figure = legend.axes, legend.figure
    if ax is None and figure is not None:
        undo.callback(figure.legends.append, legend)
        figure.legends.remove(legend)  # `Legend.remove` would also part it from the figure
        undo.callback(figure.legend(loc="outside lower left", **form).remove)
    elif ax is not None and _is_outside(legend, ax):
        undo.callback(setattr, ax, "legend_", legend)
        down = ScaledTranslation(0, -UNDER if ax.get_xlabel() else 0, ax.figure.dpi_scale_trans)
        place = {"bbox_to_anchor": (0, 0), "bbox_transform": ax.transAxes + down}
        ax.legend(loc="upper left", **place, **form)
    else:
        return 0
    return -(-sum(len(name) // ENTRY + 1 for name in names) // columns)


def _is_outside(legend: Legend, ax: Axes) -> bool:
    """Return whether a legend is at the right of its axes or below them."""
    anchor = legend.get_bbox_to_anchor()
    return bool(anchor.x0 > ax.bbox.x1 - 1 or anchor.y1 < ax.bbox.y0 + 1)


def _handles(legend: Legend, names: list[str]) -> list[Any]:
    """Return what a legend names: artists of the axes, or its own where it has others."""
    axes = [legend.axes] if legend.axes is not None else getattr(legend.figure, "axes", [])
    known: dict[str, Any] = {}
    for ax in axes:
        handles, labels = ax.get_legend_handles_labels()
        known.update(zip(labels, handles, strict=True))
    own = zip(names, legend.legend_handles, strict=True)
    return [known.get(name, handle) for name, handle in own]


def _inside(figure: Figure) -> Iterator[Text]:
    """Yield the texts within axes."""
    for ax in figure.axes:
        yield from ax.texts


def _wrap(figure: Figure, undo: ExitStack) -> int:
    """Wrap the words that lack room. Return how many lines that adds above and below the axes."""
    edge = figure.bbox.width
    lefts = [max(text.get_window_extent().x0, 0) for text in figure.texts]
    added = sum(
        _fill(text, edge - left, undo) for text, left in zip(figure.texts, lefts, strict=True)
    )
    for ax in figure.axes:
        box = ax.get_window_extent()
        titles = [part for part in ax.get_children() if isinstance(part, Text)]
        for title in [part for part in titles if part not in ax.texts]:
            added += _fill(title, edge - max(box.x0, 0) - 4, undo)
        middle = (box.x0 + box.x1) / 2
        added += _fill(ax.xaxis.label, 2 * min(middle, edge - middle), undo)
        _fill(ax.yaxis.label, box.height, undo, upright=True)
        for text in ax.texts:
            if isinstance(text, Annotation) and text.xy[0] == 1:
                _fill(text, ENDS * edge, undo)
        added += _wrap_above(ax, edge, undo)
        added += _wrap_names(ax, NAMES * edge, undo)
        added += _fit_places(ax, box.width, undo)
    return added


def _fill(text: Text, room: float, undo: ExitStack, *, upright: bool = False) -> int:
    """Wrap a text to a width in pixels. Return how many lines that adds."""
    words = text.get_text()
    box = text.get_window_extent()
    wide = box.height if upright else box.width
    room *= ROOM
    if not words or wide <= room:
        return 0
    wrapped = _wrapped(words, int(_longest(words) * room / wide))
    _change(text, undo, text=wrapped)
    return wrapped.count("\n") - words.count("\n")


def _wrapped(words: str, letters: int, least: int = 8) -> str:
    """Return a text in lines of at most so many letters, where it has spaces."""
    parts = words.split("\n")
    return "\n".join(fill(part, max(letters, least), break_long_words=False) for part in parts)


def _wrap_above(ax: Axes, edge: float, undo: ExitStack) -> int:
    """Wrap words above the axes to their distances from each other. Return lines added."""
    boxes = [(text.get_window_extent(), text) for text in ax.texts if text.get_text()]
    above = [(box.x0 + box.width / 2, text) for box, text in boxes if box.y0 >= ax.bbox.y1 - 1]
    added = 0
    for (left, _), (middle, text), (right, _) in zip(
        [(-above[0][0], None), *above] if above else [],
        above,
        [*above[1:], (2 * edge - above[-1][0], None)] if above else [],
        strict=False,
    ):
        lines = _fill(text, min(middle - left, right - middle), undo)
        if lines:
            _change(text, undo, va="bottom")
        added = max(added, lines)
    return added


def _wrap_names(ax: Axes, room: float, undo: ExitStack) -> int:
    """Wrap the names at the left of the axes to a width in pixels. Return lines added."""
    labels = [label for label in ax.get_yticklabels() if label.get_text()]
    if all(label.get_window_extent().width <= room for label in labels):
        return 0
    wide = max(label.get_window_extent().width / len(label.get_text()) for label in labels)
    names = [_wrapped(label.get_text(), int(room / wide)) for label in labels]
    _name(ax.yaxis, [label.get_position()[1] for label in labels], names, undo)
    lines = max(name.count("\n") for name in names) + 1
    box = ax.get_window_extent()
    lacking = len(names) * lines * SCREEN_LINE - box.height
    return max(round(lacking / box.height * ax.figure.bbox.height / SCREEN_LINE), 0)


def _fit_places(ax: Axes, room: float, undo: ExitStack) -> int:
    """Wrap or turn the names below the axes, or leave out numbers. Return lines added."""
    labels = [label for label in ax.get_xticklabels() if label.get_text()]
    taken = sum(label.get_window_extent().width + BETWEEN for label in labels)
    if taken <= room or any(label.get_rotation() for label in labels):
        return 0
    places = [label.get_position()[0] for label in labels]
    names = [label.get_text() for label in labels]
    if all(map(NUMBER.fullmatch, names)):
        every = int(CLOSE * taken // room) + 1
        _name(ax.xaxis, places[::every], names[::every], undo)
        return 0
    letter = max(label.get_window_extent().width / _longest(label.get_text()) for label in labels)
    names = [_wrapped(name, 1, least=4) for name in names]
    if len(names) * (max(map(_longest, names)) * letter + BETWEEN) > room:
        names = [name.replace("\n", " ") for name in names]
        for label in labels:
            _change(label, undo, rotation=60, ha="right", rotation_mode="anchor")
    _name(ax.xaxis, places, names, undo)
    turned = max(map(_longest, names)) * letter / SCREEN_LINE if labels[0].get_rotation() else 0
    return max(max(name.count("\n") for name in names), round(turned) - 1)


def _longest(words: str) -> int:
    """Return the letters of a text's longest line."""
    return max(map(len, words.split("\n")))


def _name(axis: mpl.axis.Axis, places: list[float], names: list[str], undo: ExitStack) -> None:
    """Give an axis these names at these places."""
    undo.callback(axis.set_major_locator, axis.get_major_locator())
    undo.callback(axis.set_major_formatter, axis.get_major_formatter())
    axis.set_major_locator(FixedLocator(places))
    axis.set_major_formatter(FixedFormatter(names))
