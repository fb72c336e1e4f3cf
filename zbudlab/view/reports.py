"""Pictures of a refused request: free blocks of its zone, and the effect of remedies."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zbudlab.host.reasons import Answer
from zbudlab.host.reasons.decide import ZoneDecision

USABLE, BARRED, MARK = "#0072b2", "#c8c8c8", "#d55e00"


def _blocks(ax: Axes, found: ZoneDecision, order: int) -> None:
    """Draw free pages by block order, with those that the request may not use in grey."""
    orders = np.arange(len(found.zone.free))
    free = np.asarray(found.zone.free, np.int64) << orders
    usable = np.asarray([*found.usable, *[0] * len(orders)][: len(orders)], np.int64) << orders
    ax.bar(orders, usable, color=USABLE, label="usable for the request")
    ax.bar(orders, free - usable, bottom=usable, color=BARRED, label="of other types")
    ax.axvline(order - 0.5, color=MARK, linestyle="--", label=f"requested order {order}")
    ax.set_xticks(orders)
    ax.set_xlabel("order of the block")
    ax.set_ylabel("free pages")
    ax.set_title(f"{found.zone}: {found.verdict}", fontsize=12)
    ax.legend(frameon=False)
    ax.spines[["top", "right"]].set_visible(False)


def _remedies(ax: Axes, answer: Answer) -> None:
    """Draw the share of layouts in which each remedy met the request."""
    names = [remedy.what for remedy in answer.remedies]
    shares = [100 * remedy.met / remedy.layouts for remedy in answer.remedies]
    ax.barh(np.arange(len(names)), shares, color=USABLE)
    ax.set_yticks(np.arange(len(names)), names)
    ax.invert_yaxis()
    ax.set_xlim(0, 100)
    ax.set_xlabel("% of simulated layouts in which the request is met")
    ax.spines[["top", "right"]].set_visible(False)


def plot_answer(answer: Answer) -> Figure:
    """Return a figure of each zone that a request could use, and of the remedies.

    Raises ValueError if the report has neither.
    """
    rows = len(answer.decisions) + bool(answer.remedies)
    if not rows:
        raise ValueError("this report has no zones: there is nothing to draw")
    figure = Figure(figsize=(7.5, 3.6 * rows), layout="constrained")
    axes = figure.subplots(rows, 1, squeeze=False)[:, 0]
    for ax, found in zip(axes, answer.decisions, strict=False):
        _blocks(ax, found, answer.request.order)
    if answer.remedies:
        _remedies(axes[-1], answer)
    figure.suptitle(f"Reason: {answer.reason}", fontsize=13)
    return figure
