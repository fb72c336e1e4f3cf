"""Pictures of toy memories: a row of a few frames for each moment."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from zbudlab.view.look import style, tokens

#: Colour and hatch of a free frame.
FREE = (tokens.colour("free"), "")
#: Colours and hatches of owners. All have the colour of program pages and differ in hatching.
FILLS = tuple((tokens.colour("process"), hatch) for hatch in ("", "//", "..", "\\\\", "xx"))


def _styles(rows: Sequence[Sequence[str]]) -> dict[str, tuple[str, str]]:
    """Return a fill for each owner (the first character of a cell's text), by first appearance."""
    owners = dict.fromkeys(cell[0] for row in rows for cell in row if cell)
    return {owner: FILLS[i % len(FILLS)] for i, owner in enumerate(owners)}


@style.styled
def strips(moments: Mapping[str, Sequence[str | None]]) -> Figure:
    """Draw one row of cells per moment.

    moments: by name, a text for each frame; "" or None = free. Cells whose texts begin with the
    same character have the same colour and hatching.
    """
    rows = [[cell or "" for cell in cells] for cells in moments.values()]
    count = max(map(len, rows))
    figure = Figure(figsize=(style.WIDE, 0.55 * len(rows) + 0.5), layout="constrained")
    ax = figure.add_subplot()
    styles = _styles(rows)
    for line, cells in enumerate(rows):
        for frame, text in enumerate(cells):
            _draw_cell(ax, frame, line, text, *(styles[text[0]] if text else FREE))
    ax.set_xlim(-0.6, count - 0.4)
    ax.set_ylim(len(rows) - 0.45, -0.55)
    ax.set_xticks(range(count), [str(frame) for frame in range(count)], fontsize=10)
    ax.xaxis.tick_top()
    ax.set_yticks(range(len(rows)), list(moments), fontsize=11)
    ax.grid(visible=False)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return figure


def _draw_cell(ax: Axes, frame: int, line: int, text: str, colour: str, hatch: str) -> None:
    """Draw one cell with its text."""
    box = Rectangle((frame - 0.5, line - 0.4), 1, 0.8, facecolor=colour, hatch=hatch)
    box.set(edgecolor=tokens.colour("paper"), linewidth=1.5)
    ax.add_patch(box)
    back = {"facecolor": colour, "edgecolor": "none", "pad": 1.5}
    cell = ax.text(frame, line, text, fontsize=11, fontweight="bold", bbox=back)
    cell.set(ha="center", va="center")


def key_values(moments: Mapping[str, Sequence[str | None]]) -> str:
    """Return what `strips` shows as text: a line per moment with its cells, `.` = free."""
    return "\n".join(
        f"{name}: {' '.join(cell or '.' for cell in cells)}" for name, cells in moments.items()
    )
