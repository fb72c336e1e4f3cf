"""The matplotlib style of figures, derived from the tokens.

`styled` applies it to a drawing function. `themed` converts a figure to SVG whose colours are the
page's tokens, so that one drawing follows any theme.
"""

import hashlib
import io
import re
from collections.abc import Iterable
from html import escape
from itertools import pairwise
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zbudlab.view.look import tokens
from zbudlab.view.look.tokens import colour

SCREEN_DPI = 96  #: pixels on the page per inch of a figure
LEAST = 600  #: pixels to which a figure shrinks; on a narrower page the narrow drawing is shown
WIDE = 9.6  #: width of the content in JupyterLab on a laptop, in inches

#: Settings of matplotlib.
RC: Any = {
    "figure.dpi": SCREEN_DPI,
    "figure.facecolor": "none",
    "figure.titlesize": 11,
    "figure.titleweight": "bold",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.axisbelow": True,
    "axes.edgecolor": colour("edge"),
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": colour("quiet"),
    "axes.linewidth": 0.9,
    "axes.prop_cycle": cycler(
        color=[colour(name) for name in ("c_stuck", "c_move", "c_zsm", "edge", "process", "zbud1")],
        linestyle=["-", "-", ":", "--", "-", "-."],
    ),
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "grid.color": colour("line"),
    "grid.linestyle": (0, (2, 4)),
    "grid.linewidth": 0.9,
    "legend.frameon": False,
    "lines.linewidth": 2.2,
    "lines.solid_joinstyle": "round",
    "patch.edgecolor": colour("paper"),
    "patch.linewidth": 0,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "zbudlab",
    "text.color": colour("ink"),
    "xtick.color": colour("edge"),
    "xtick.labelcolor": colour("quiet"),
    "ytick.color": colour("edge"),
    "ytick.labelcolor": colour("quiet"),
    "ytick.major.size": 0,
}

#: A path in the form that matplotlib gives a patch: its places, its other attributes.
_PATH = re.compile(r'<g><path d="([^"]*)" ([^>]*?)/></g>')

#: Decorator: run a drawing function in this style.
styled = mpl.rc_context(RC)

#: Token names by colour in the light theme; the first name where several share a colour.
_NAMES: dict[str, str] = {}
for _name, _token in tokens.COLOURS.items():
    _NAMES.setdefault(_token.light, _name)
_NAMES[colour("ink")] = "ink"


def line(machine: str) -> dict[str, object]:
    """Return the settings of a machine's curve (a name of `tokens.CURVES`) for `Axes.plot`."""
    curve = tokens.CURVES[machine]
    dashes = (0, curve.dashes) if curve.dashes else "-"
    return {
        "color": colour(curve.token),
        "linestyle": dashes,
        "marker": curve.marker,
        "markersize": 6,
        "markeredgecolor": "none",
    }


def end_labels(ax: Axes, labels: Iterable[tuple[float, str, str]], size: float = 10) -> None:
    """Write names at the right ends of curves, moved apart so that they do not overlap.

    labels: (height in data units, words, colour) each. size: of the font, in points.
    """
    gap = 1.35 * size / 72 * ax.figure.dpi
    items = sorted(labels)
    left = ax.get_xlim()[0]
    heights = [float(ax.transData.transform((left, item[0]))[1]) for item in items]
    for _ in range(30):
        for below, above in pairwise(range(len(heights))):
            lacking = gap - (heights[above] - heights[below])
            if lacking > 0:
                heights[above] += lacking / 2
                heights[below] -= lacking / 2
    into_data = ax.transData.inverted()
    for (_, words, ink), height in zip(items, heights, strict=True):
        ax.annotate(
            words,
            (1.0, into_data.transform((0, height))[1]),
            xycoords=("axes fraction", "data"),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=ink,
            fontweight="bold",
            fontsize=size,
            annotation_clip=False,
        )


def themed(figure: Figure, alt: str, *, least: int = LEAST, most: int = 0) -> str:
    """Return a figure as SVG whose colours are the page's tokens.

    alt: its description. least, most: pixels to which it shrinks and grows; most: 0 = its width.
    """
    file = io.StringIO()
    with mpl.rc_context(RC):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    drawn: str = file.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", drawn, flags=re.DOTALL)
    drawn = _own_ids(drawn)
    drawn = re.sub(r"#[0-9a-f]{6}\b", lambda found: _paint(found[0]), drawn, flags=re.IGNORECASE)
    drawn = re.sub(r"font: ([^;\"]*?)'?DejaVu[^;\"]*", r"font: \1var(--sans, sans-serif)", drawn)
    drawn = re.sub(r">\s+<", "><", re.sub(r"\s+", " ", drawn))
    drawn = _joined(drawn)
    drawn = re.sub(r"(\.\d\d)\d+", r"\1", drawn)
    drawn = re.sub(r"( [ML] -?\d+(?:\.\d)?)\d?( -?\d+(?:\.\d)?)\d?(?= )", r"\1\2", drawn)
    return _sized(drawn.strip(), figure, alt, least, most)


def _joined(drawn: str) -> str:
    """Join neighbouring paths that differ only in their places: a strip of cells is one path."""
    parts: list[str] = []
    before, end = "", -1
    for path in _PATH.finditer(drawn):
        if path.start() == end and path[2] == before:
            parts[-1] = f"{parts[-1].removesuffix(_rest(before))}{path[1]}{_rest(before)}"
        else:
            parts += [drawn[max(end, 0) : path.start()], f'<g><path d="{path[1]}{_rest(path[2])}']
        before, end = ("" if "opacity" in path[2] else path[2]), path.end()
    return "".join(parts) + drawn[max(end, 0) :]


def _rest(attributes: str) -> str:
    return f'" {attributes}/></g>'


def _paint(found: str) -> str:
    name = _NAMES.get(found.lower())
    return f"var(--{name}, {found.lower()})" if name else found


def _own_ids(drawn: str) -> str:
    """Keep only the ids that are referenced, and make them unique among figures."""
    mark = hashlib.sha256(drawn.encode()).hexdigest()[:8]
    used = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", drawn))
    drawn = re.sub(
        r' id="([^"]+)"',
        lambda found: f' id="{found[1]}-{mark}"' if found[1] in used else "",
        drawn,
    )
    return re.sub(r"(url\(#|href=\"#)([^)\"]+)", rf"\g<1>\g<2>-{mark}", drawn)


def _sized(drawn: str, figure: Figure, alt: str, least: int, most: int) -> str:
    """Fit the drawing to the page's width, within limits in pixels."""
    wide = round(figure.get_size_inches()[0] * SCREEN_DPI)
    opening, rest = drawn.split(">", 1)
    opening = re.sub(r' (?:width|height)="[^"]*"', "", opening)
    least = min(wide, getattr(figure, "least", least))  # some stay legible when they are small
    size = (
        f'width="100%" style="display: block; min-width: {least}px; '
        f'max-width: {most or wide}px; height: auto"'
    )
    return f'{opening} role="img" aria-label="{escape(alt)}" {size}>{rest}'
