"""Pictures of a refused request: free blocks of its zone, the effect of remedies, a live map."""

from html import escape

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zbudlab import Machine
from zbudlab.host.reasons import Answer
from zbudlab.host.reasons.crowd import GROUPED, MIXED, Counts, Crowd
from zbudlab.host.reasons.decide import ZoneDecision, deciding
from zbudlab.host.reasons.remedies import LAYOUTS, tries
from zbudlab.machine.freelists import Unplaceable
from zbudlab.view.bundle import bundle
from zbudlab.view.framemap import FrameMap
from zbudlab.view.look import style, tokens

USABLE, BARRED, MARK = (tokens.colour(name) for name in ("process", "edge", "bad"))


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
    ax.set_title(f"{found.zone}: {found.free} pages free, {found.usable_free} usable")
    ax.legend(frameon=False)


def _remedies(ax: Axes, answer: Answer) -> None:
    """Draw the share of layouts in which each remedy met the request."""
    names = [remedy.what for remedy in answer.remedies]
    shares = [100 * remedy.met / remedy.layouts for remedy in answer.remedies]
    ax.barh(np.arange(len(names)), shares, color=USABLE)
    ax.set_yticks(np.arange(len(names)), names)
    ax.invert_yaxis()
    ax.set_xlim(0, 100)
    ax.set_xlabel("% of simulated layouts in which the request is met")


@style.styled
def plot_blocks(answer: Answer) -> Figure:
    """Return a figure of the free blocks of each zone that a request could use, without the reason.

    Raises ValueError if the report has no zones.
    """
    figure, axes = _figure(len(answer.decisions))
    for ax, found in zip(axes, answer.decisions, strict=True):
        _blocks(ax, found, answer.request.order)
    return figure


def _figure(rows: int) -> tuple[Figure, list[Axes]]:
    if not rows:
        raise ValueError("this report has no zones: there is nothing to draw")
    figure = Figure(figsize=(7.5, 3.2 * rows), layout="constrained")
    return figure, list(figure.subplots(rows, 1, squeeze=False)[:, 0])


@style.styled
def plot_answer(answer: Answer) -> Figure:
    """Return a figure of each zone that a request could use, and of the remedies.

    Raises ValueError if the report has neither.
    """
    figure, axes = _figure(len(answer.decisions) + bool(answer.remedies))
    for ax, found in zip(axes, answer.decisions, strict=False):
        _blocks(ax, found, answer.request.order)
    if answer.remedies:
        _remedies(axes[-1], answer)
    figure.suptitle(f"Reason: {answer.reason}")
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
    text = f"<pre>{escape(words)}</pre>"
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
