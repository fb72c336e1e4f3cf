"""Pictures of a refused request: free blocks of its zone, the effect of remedies, a live map."""

from html import escape
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import StrMethodFormatter

from zbudlab import Machine
from zbudlab.host.reasons import Answer
from zbudlab.host.reasons.crowd import GROUPED, MIXED, Counts, Crowd
from zbudlab.host.reasons.decide import ZoneDecision, deciding
from zbudlab.host.reasons.remedies import LAYOUTS, tries
from zbudlab.machine.freelists import Unplaceable
from zbudlab.view.bundle import bundle
from zbudlab.view.framemap import FrameMap
from zbudlab.view.look import style, tokens
from zbudlab.view.picture import WRAPPED

WIDTH, ZONE_HEIGHT = 8.4, 2.5  #: of a figure and of a zone in it, in inches
MOST_ROWS = 3  #: zones below one another
NAME_WIDTH = 30  #: characters of a remedy's name in a line
USABLE, BARRED, MARK = (tokens.colour(name) for name in ("good", "edge", "bad"))


def _blocks(ax: Axes, found: ZoneDecision, order: int, break_: str) -> None:
    """Draw free pages by block order, with those that the request may not use in grey.

    break_: what separates the zone's name from the numbers in the title.
    """
    orders = np.arange(max(len(found.zone.free), order + 1))
    free, usable = (
        np.asarray([*counts, *[0] * len(orders)][: len(orders)], np.int64) << orders
        for counts in (found.zone.free, found.usable)
    )
    ax.bar(orders, usable, color=USABLE, label="usable for the request")
    ax.bar(orders, free - usable, bottom=usable, color=BARRED, label="of other types")
    ax.axvline(order - 0.5, color=MARK, linestyle="--", label=f"order {order} is requested")
    ax.set_xticks(orders)
    ax.set_ylabel("free pages")
    usable_free = "all" if found.usable_free == found.free else f"{found.usable_free:,}"
    ax.set_title(f"{found.zone}{break_}{found.free:,} pages free, {usable_free} usable")


def _shares(ax: Axes, answer: Answer, names: list[str]) -> None:
    """Draw the share of layouts in which each remedy met the request."""
    shares = [100 * remedy.met / remedy.layouts for remedy in answer.remedies]
    bars = ax.barh(np.arange(len(names)), shares, color=USABLE, height=0.6)
    ax.bar_label(bars, [f"{share:.0f} %" for share in shares], padding=4)
    ax.set_yticks(np.arange(len(names)), names)
    ax.invert_yaxis()
    ax.grid(visible=False)
    ax.set_xlim(0, 118)
    ax.set_xticks([0, 50, 100])
    ax.set_xlabel("% of layouts")
    ax.set_title("Request met")


def _layouts(ax: Axes, answer: Answer) -> None:
    """Draw, for each remedy, the blocks that fit in every layout as dots, and their median."""
    for row, remedy in enumerate(answer.remedies):
        blocks = np.sort(np.asarray(remedy.blocks))
        spread = np.linspace(-0.25, 0.25, len(blocks)) if len(blocks) > 1 else np.zeros(1)
        ax.plot(blocks, row + spread, "o", color=USABLE, markersize=4, linestyle="none")
        ax.plot(np.median(blocks), row, "|", color=MARK, markersize=18, markeredgewidth=2)
    ax.set_xscale("symlog", linthresh=1)
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    ax.set_xlim(-0.3, None)
    ax.grid(axis="x")
    ax.set_xlabel("blocks that fit, log scale")
    ax.set_title("Each layout; the median in red")


@style.styled
def plot_blocks(answer: Answer) -> Figure:
    """Return a figure of the free blocks of each zone that a request could use, without the reason.

    Raises ValueError if the report has no zones.
    """
    rows = _rows(answer)
    figure = Figure(figsize=(WIDTH, ZONE_HEIGHT * rows + 0.4), layout="constrained")
    _draw_zones(figure, answer)
    return figure


def _rows(answer: Answer) -> int:
    """Return the rows of zones: one zone a row, two if there are many."""
    if not answer.decisions:
        raise ValueError("this report has no zones: there is nothing to draw")
    return -(-len(answer.decisions) // _columns(answer))


def _columns(answer: Answer) -> int:
    return 1 if len(answer.decisions) <= MOST_ROWS else 2


def _draw_zones(figure: Figure | SubFigure, answer: Answer) -> None:
    """Draw the free blocks of all zones, with one legend above them."""
    shape = _rows(answer), _columns(answer)
    axes = figure.subplots(*shape, squeeze=False).ravel()
    for ax, found in zip(axes, answer.decisions, strict=False):
        _blocks(ax, found, answer.request.order, ": " if shape[1] == 1 else "\n")
    for ax in axes[len(answer.decisions) :]:
        ax.set_axis_off()
    for ax in axes[: len(answer.decisions)][-shape[1] :]:
        ax.set_xlabel("order of the block")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=len(labels))


@style.styled
def plot_answer(answer: Answer) -> Figure:
    """Return a figure of each zone that a request could use, and of the remedies.

    Raises ValueError if the report has neither.
    """
    above = ZONE_HEIGHT * _rows(answer) + 0.4
    below = 0.5 * len(answer.remedies) + 1 if answer.remedies else 0
    figure = Figure(figsize=(WIDTH, above + below + 0.3), layout="constrained")
    figure.suptitle(f"Reason: {answer.reason}", x=0.01, ha="left")
    if not answer.remedies:
        _draw_zones(figure, answer)
        return figure
    parts = figure.subfigures(2, 1, squeeze=False, height_ratios=[above, below])[:, 0]
    upper, lower = parts
    for part in parts:
        part.set_facecolor("none")
    _draw_zones(upper, answer)
    left, right = lower.subplots(1, 2, sharey=True)
    _shares(left, answer, [fill(remedy.what, NAME_WIDTH) for remedy in answer.remedies])
    _layouts(right, answer)
    return figure


def block_values(answer: Answer) -> str:
    """Return what `plot_blocks` shows, in words."""
    lines = []
    for found in answer.decisions:
        usable = [order for order, blocks in enumerate(found.usable) if blocks]
        largest = f"the largest block is of order {usable[-1]}" if usable else "there is no block"
        lines.append(
            f"{found.zone}: {found.free} pages free, {found.usable_free} of them usable for this "
            f"request of order {answer.request.order}; {largest}"
        )
    return "\n".join(lines)


def key_values(answer: Answer) -> str:
    """Return what `plot_answer` shows, in words."""
    lines = [f"Reason: {answer.because} ({answer.reason})."]
    lines += [block_values(answer)] if answer.decisions else []
    lines += [
        f"{remedy.what}: met in {remedy.met} of {remedy.layouts} layouts"
        for remedy in answer.remedies
    ]
    return "\n".join(lines)


def zone_machine(answer: Answer, remedy: str | None = None, *, seed: int = 0) -> Machine:
    """Return a machine with the free lists of the deciding zone, drawn as for the remedies.

    remedy: carried out on it first, named as in `answer.remedies`. seed: draws the positions; of
    an odd one the kernel's pages are grouped. Raises ValueError if the zone cannot be drawn.
    """
    if answer.counts is None:
        raise ValueError("this report has no zone of known size: there is nothing to draw")
    acts = {what: act for what, _, act in tries(answer.counts, answer.request.order)}
    if remedy is not None and remedy not in acts:
        raise ValueError(f"there is no remedy {remedy!r} to draw, only: {', '.join(acts)}")
    machine, crowd = _drawn(answer.counts, seed)
    if remedy is not None:
        acts[remedy](crowd)
    return machine


def _drawn(counts: Counts, seed: int) -> tuple[Machine, Crowd]:
    """Return the zone of the first seed, from this one on, that can be drawn."""
    for other in range(seed, seed + LAYOUTS):
        machine = Machine(
            frames=counts.frames,
            pageblock_order=counts.pageblock_order,
            page_bytes=False,
            zswap=False,
        )
        try:
            return machine, Crowd(counts, other, GROUPED if other % 2 else MIXED, machine.state)
        except Unplaceable:
            continue
    raise ValueError("no zone of this size can have these free lists: there is nothing to draw")


def shown(answer: Answer) -> tuple[dict, dict]:
    """Return the notebook output of an answer: a live map of its zone, a picture, and the text."""
    words = str(answer)
    text = f'<pre style="{WRAPPED}">{escape(words)}</pre>'
    if not answer.decisions:
        return {"text/plain": words, "text/html": text}, {}
    picture = plot_answer(answer)
    try:
        widget = FrameMap(zone_machine(answer))
    except ValueError:
        data, about = bundle(None, picture, key_values(answer))
    else:
        zone = deciding(answer.decisions)
        data, about = bundle(widget, picture, key_values(answer))
        text += f"<p>Live map: {escape(str(zone and zone.zone))}, the used pages drawn by seed.</p>"
    return {**data, "text/plain": words, "text/html": data["text/html"] + text}, about
