"""Figures: ratios (`python -m benchmarks --figure FILE`) and growth (`--scale FILE`)."""

import re
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from benchmarks.item import ALIKE, KERNEL
from zbudlab.view.look import style, svgfile, tokens

INCHES_PER_ROW = 0.36
MARKS = {KERNEL: ("o", "ink", -0.13), ALIKE: ("D", "edge", 0.13)}  #: shape, token, shift
LABELS = {KERNEL: "C as in the kernel", ALIKE: "C with our layout and algorithm"}
TICKS = (0.25, 0.5, 0.7, 0.85, 1, 1.2, 1.5, 2, 3, 4)
TIMES = [n * 10**power for power in range(5) for n in (1, 2, 5)]  #: ticks of nanoseconds

COLOURS = ("process", "zbud1", "c_move", "c_zsm")  #: of operations, in turn

SIZED = re.compile(r"2\^(\d+) frames: (.*)")

Rows = list[dict[str, Any]]


@style.styled
def draw(report: dict[str, Any], file: Path) -> None:
    """Write the figure of a run: medians, with a line from the least to the greatest ratio."""
    rows = compared(report)
    figure = Figure(figsize=(style.WIDE, 1.8 + INCHES_PER_ROW * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    for side in MARKS:
        _draw_side(axes, rows, side)
    _draw_goals(axes, rows)
    axes.set_yticks(range(len(rows)), [row["item"] for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    _scale_ratios(axes)
    figure.suptitle(title(rows), x=0.01, ha="left")
    axes.set_title(f"{report['date']}, {report['machine']}", fontsize=9, fontweight="normal")
    figure.legend(loc="outside lower center", ncols=3)
    svgfile.write(figure, file, f"C's time over zbudlab's, item by item. {title(rows)}")


def compared(report: dict[str, Any]) -> Rows:
    """Return the rows with a ratio to C, one of each name: short runs measure some sizes twice."""
    rows = {row["item"]: row for row in report["items"] if set(MARKS) & set(row["sides"])}
    return [row for name, row in rows.items() if not SIZED.fullmatch(name)]


def title(rows: Rows) -> str:
    """Return what the ratios show, in a sentence."""
    ratios = [row["sides"][KERNEL]["ratio"]["median"] for row in rows if KERNEL in row["sides"]]
    faster = sum(ratio >= 1 for ratio in ratios)
    return f"zbudlab is at least as fast as the kernel's C in {faster} of {len(ratios)} items"


def _draw_side(axes: Axes, rows: Rows, side: str) -> None:
    """Draw the ratios of one side, a mark and a line in each row that has it."""
    marker, token, shift = MARKS[side]
    colour = tokens.colour(token)
    shown = [(place, row["sides"][side]) for place, row in enumerate(rows) if side in row["sides"]]
    places = [place + shift for place, _ in shown]
    ratios = [found["ratio"] for _, found in shown]
    least, most = ([ratio[end] for ratio in ratios] for end in ("min", "max"))
    axes.hlines(places, least, most, colour, alpha=0.35, lw=4)
    medians = [ratio["median"] for ratio in ratios]
    axes.plot(medians, places, marker, color=colour, label=LABELS[side], markersize=6)


def _draw_goals(axes: Axes, rows: Rows) -> None:
    """Draw the ratio to the kernel's C that each row must reach, if it has one."""
    goals = [
        (row["sides"][KERNEL]["must"], place)
        for place, row in enumerate(rows)
        if KERNEL in row["sides"] and row["sides"][KERNEL]["must"]
    ]
    ratios, places = zip(*goals, strict=True) if goals else ((), ())
    label = "the ratio to the kernel's C to reach"
    axes.plot(ratios, places, "|", color=tokens.colour("bad"), ms=14, mew=1.5, label=label)


def _scale_ratios(axes: Axes) -> None:
    """Give the axis of ratios its scale, ticks and label."""
    axes.set_xscale("log")
    axes.set_xlim(0.4, 4)
    axes.xaxis.set_major_locator(FixedLocator(TICKS))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda ratio, _: f"{ratio:g}"))
    axes.axvline(1, color=tokens.colour("ink"), lw=0.9)
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x")
    axes.set_xlabel("C's time / our time: right of 1 we are faster (median, least to greatest)")


def growth(report: dict[str, Any]) -> dict[str, dict[str, list[tuple[int, float]]]]:
    """Return (frames, nanoseconds per frame) by operation and by side."""
    found: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for row in report["items"]:
        if named := SIZED.fullmatch(row["item"]):
            lines = found.setdefault(named[2], {})
            frames = 1 << int(named[1])
            lines.setdefault("ours", []).append((frames, row["ns"]["median"]))
            for side, times in row["sides"].items():
                lines.setdefault(side, []).append((frames, times["ns"]["median"]))
    return found


@style.styled
def draw_scale(report: dict[str, Any], file: Path) -> None:
    """Write the figure of nanoseconds per frame against the size of the machine, log-log."""
    figure = Figure(figsize=(style.WIDE, 4.8), layout="constrained")
    axes, found, ends = figure.add_subplot(), growth(report), []
    for number, (what, lines) in enumerate(found.items()):
        colour = tokens.colour(COLOURS[number % len(COLOURS)])
        for side, points in lines.items():
            dashes = "-" if side == "ours" else "--"
            frames, times = zip(*points, strict=True)
            axes.plot(frames, times, dashes, marker="o", ms=4, color=colour)
            if side == "ours":
                ends.append((times[-1], what, colour))
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(FixedLocator(TIMES))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda time, _: f"{time:g}"))
    axes.set_xlabel("page frames of the machine, without page bytes")
    axes.set_ylabel("nanoseconds per frame (median)")
    figure.suptitle(steepest(found), x=0.01, ha="left")
    about = f"{report['date']}, {report['machine']}; dashed: the same in C"
    axes.set_title(about, fontsize=9, fontweight="normal")
    style.end_labels(axes, ends)
    svgfile.write(figure, file, f"Nanoseconds per frame by size of the machine. {steepest(found)}")


def steepest(found: dict[str, dict[str, list[tuple[int, float]]]]) -> str:
    """Return how much more time a frame takes in the largest machine, in a sentence."""
    ours = [lines["ours"] for lines in found.values()]
    most = max(points[-1][1] / points[0][1] for points in ours)
    larger = max(points[-1][0] // points[0][0] for points in ours)
    return f"A machine {larger:,} times as large needs at most {most:.1f} times as long per frame"
