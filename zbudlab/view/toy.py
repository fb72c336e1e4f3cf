"""Pictures of toy memories: a row of a few frames for each moment."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from zbudlab.view.look import style, tokens

NOTHING: Mapping[str, str] = {}
#: Colours that need light text.
DARK = [tokens.colour(name) for name in ("header", "kernel", "zbud2")]
#: Colour and hatch of a free frame.
FREE = (tokens.colour("free"), "")
#: Colours and hatches of owners. All have the colour of program pages and differ in hatching.
FILLS = tuple((tokens.colour("process"), hatch) for hatch in ("", "//", "..", "\\\\", "xx"))


def _styles(rows: Sequence[Sequence[str]], paint: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return a fill for each owner (the first character of a cell's text), by first appearance."""
    cells = [cell for row in rows for cell in row if cell and not cell.isdigit()]
    owners = dict.fromkeys(cell[0] for cell in cells)
    fills = {owner: FILLS[i % len(FILLS)] for i, owner in enumerate(owners)}
    return fills | {owner: (tokens.colour(name), "") for owner, name in paint.items()}


@style.styled
def strips(
    moments: Mapping[str, Sequence[str | None]], paint: Mapping[str, str] = NOTHING
) -> Figure:
    """Draw one row of cells per moment.

    moments: by name, a text for each frame; "" or None = free, a digit = free, in a block of that
    order, which is drawn as one box. Other cells whose texts begin with the same character have
    the same colour and hatching. paint: names of tokens by such characters, for other colours.
    """
    rows = [[cell or "" for cell in cells] for cells in moments.values()]
    count = max(map(len, rows))
    figure = Figure(figsize=(style.WIDE, 0.55 * len(rows) + 0.5), layout="constrained")
    ax = figure.add_subplot()
    styles = _styles(rows, paint)
    for line, cells in enumerate(rows):
        for frame, text in enumerate(cells):
            if text.isdigit():
                _draw_block(ax, frame, line, int(text))
            else:
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
    ink = tokens.colour("paper" if colour in DARK else "ink")
    cell = ax.text(frame, line, text, fontsize=11, fontweight="bold", bbox=back, color=ink)
    cell.set(ha="center", va="center")


def _draw_block(ax: Axes, frame: int, line: int, order: int) -> None:
    """Draw the free block of an order if it begins at this frame."""
    frames = 1 << order
    if frame % frames:
        return
    box = Rectangle((frame - 0.44, line - 0.36), frames - 0.12, 0.72, facecolor=FREE[0])
    box.set(edgecolor=tokens.colour("edge"), linewidth=1.2)
    ax.add_patch(box)
    words = {1: "1", 2: "order 2"}.get(order, f"free, order {order}" if order else "0")
    label = ax.text(frame + (frames - 1) / 2, line, words, fontsize=10)
    label.set(ha="center", va="center", color=tokens.colour("quiet"))


def key_values(moments: Mapping[str, Sequence[str | None]]) -> str:
    """Return what `strips` shows as text: a line per moment with its cells, `.` = free."""
    return "\n".join(
        f"{name}: {' '.join(cell or '.' for cell in cells)}" for name, cells in moments.items()
    )
