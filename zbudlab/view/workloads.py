"""Pictures of a workload: memory by use, pages swapped out, and pages read back."""

from collections.abc import Mapping, Sequence
from itertools import accumulate

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zbudlab.layout import FRAME_ANON, FRAME_FREE, FRAME_KERNEL, FRAME_POOL_FULL
from zbudlab.machine import Machine
from zbudlab.view.look import style, tokens
from zbudlab.view.maps import COLOURS
from zbudlab.workload import Phase, Run, Workload
from zbudlab.workload.watch import watch

#: Uses of page frames from the bottom up: column, words, kind of frame.
FRAMES = (
    ("kernel", "kernel, blocks asked for", FRAME_KERNEL),
    ("anonymous", "processes", FRAME_ANON),
    ("pool", "zswap's pool", FRAME_POOL_FULL),
    ("free", "free", FRAME_FREE),
)
SWAP_COLOURS = (tokens.colour("zbud1"), tokens.colour("edge"))  # in zswap, on the device
CHUNK = 5  #: steps per bar in the lowest part


def watched(
    workload: Workload | str, *, seed: int = 0, **settings: object
) -> tuple[Run, dict[str, list[int]]]:
    """Run a workload to its end on its machine, without page bytes. Return the run and its columns.

    The columns are those of `workload.watch.watch` and the running totals of `Run.totals`, one
    value per step.
    """
    made = workload if isinstance(workload, Workload) else Workload.load(workload)
    fixed = {"log": False, "page_bytes": False, "threads": 1, "seed": seed}
    run = made.run(Machine(made.machine_config(**(fixed | settings))))
    totals: dict[str, list[int]] = {"cma_asked": [], "cma_met": [], "refused": [], "killed": []}

    def note(run: Run) -> None:
        for name, values in totals.items():
            values.append(run.totals[name])

    return run, {**watch(run, after=note), **totals}


@style.styled
def figure(run: Run, seen: Mapping[str, Sequence[int]]) -> Figure:
    """Draw three parts over the steps: frames by use, pages swapped out, pages read back."""
    drawn = Figure(figsize=(style.WIDE, 7), layout="constrained")
    frames, swap, traffic = drawn.subplots(3, 1, sharex=True, height_ratios=(3, 2, 2))
    _draw_frames(frames, seen, run.machine.config.frames)
    _draw_swap(swap, seen)
    _draw_traffic(traffic, seen)
    _mark_phases((frames, swap, traffic), run.phases)
    traffic.set_xlabel("step")
    title = f"{run.name}: {run.machine.config.frames} page frames"
    drawn.suptitle(title)
    return drawn


def _legend(ax: Axes) -> None:
    handles, labels = ax.get_legend_handles_labels()
    ax.legend(
        handles[::-1],
        labels[::-1],
        loc="center left",
        bbox_to_anchor=(1.005, 0.5),
        frameon=False,
        fontsize=10,
    )


def _draw_frames(ax: Axes, seen: Mapping[str, Sequence[int]], frames: int) -> None:
    rows = [np.asarray(seen[column]) for column, _, _ in FRAMES]
    colours = [COLOURS[kind] for _, _, kind in FRAMES]
    ax.stackplot(seen["step"], rows, colors=colours, labels=[words for _, words, _ in FRAMES])
    ax.set_ylim(0, frames)
    ax.set_ylabel("page frames")
    _legend(ax)


def _draw_swap(ax: Axes, seen: Mapping[str, Sequence[int]]) -> None:
    stored = np.asarray(seen["stored"])
    device = np.maximum(np.asarray(seen["swapped"]) - stored, 0)
    labels = ["in zswap", "on the swap device"]
    ax.stackplot(seen["step"], [stored, device], colors=SWAP_COLOURS, labels=labels)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("pages out\nof memory")
    _legend(ax)


def _draw_traffic(ax: Axes, seen: Mapping[str, Sequence[int]]) -> None:
    """Draw pages read back in each step, with marks for requests met and refused."""
    device = np.diff(seen["device_reads"], prepend=0)
    back = np.diff(seen["pgmajfault"], prepend=0)
    starts = np.arange(0, len(back), CHUNK)
    rows = [np.add.reduceat(values, starts) for values in (back - device, device)]
    bottom = np.zeros(len(starts))
    names = ("read from zswap", "read from the device")
    for values, colour, label in zip(rows, SWAP_COLOURS, names, strict=True):
        ax.bar(starts, values, CHUNK, bottom, align="edge", color=colour, label=label)
        bottom = bottom + values
    top = max(float(bottom.max()), 1.0)
    for marks, shape, colour, label in _marks(seen):
        if len(marks):
            ax.plot(marks, np.full(len(marks), top * 1.12), shape, color=colour, label=label)
    if not bottom.any():
        middle = {"ha": "center", "va": "center", "transform": ax.transAxes}
        ax.text(0.5, 0.5, "no page is read back", **middle)  # type: ignore[arg-type]
        ax.set_yticks([])
    ax.set_ylim(0, top * 1.25)
    ax.set_ylabel(f"pages read back\nin {CHUNK} steps")
    _legend(ax)


def _marks(seen: Mapping[str, Sequence[int]]) -> list[tuple[np.ndarray, str, str, str]]:
    """Return marks for requests met and refused and for kills: steps, shape, colour, words."""
    asked, met = (np.diff(seen[name], prepend=0) for name in ("cma_asked", "cma_met"))
    refused, killed = (np.diff(seen[name], prepend=0) for name in ("refused", "killed"))
    return [
        (np.flatnonzero(met), "o", tokens.colour("good"), "CMA request met"),
        (np.flatnonzero(asked > met), "x", tokens.colour("bad"), "CMA request not met"),
        (np.flatnonzero(refused), "v", tokens.colour("bad"), "a block refused"),
        (np.flatnonzero(killed), "X", tokens.colour("ink"), "a process killed"),
    ]


def _mark_phases(axes: Sequence[Axes], phases: Sequence[Phase]) -> None:
    """Draw lines between phases, with the phases' names above."""
    ends = list(accumulate(phase.steps for phase in phases))
    for phase, end in zip(phases, ends, strict=True):
        middle = end - phase.steps / 2
        above = axes[0].get_xaxis_transform()
        axes[0].text(middle, 1.02, phase.name, transform=above, ha="center", fontsize=10)
        for ax in axes:
            if end < ends[-1]:
                ax.axvline(end, color=tokens.colour("edge"), linewidth=0.8, linestyle=":")
    axes[0].set_xlim(0, ends[-1] - 1)


def key_values(run: Run, seen: Mapping[str, Sequence[int]]) -> str:
    """Return the values that `figure` shows, in a sentence."""
    parts = [
        f"at most {max(seen['swapped'])} pages out of memory",
        f"{max(seen['stored'])} in zswap",
        f"{seen['pgmajfault'][-1]} pages read back, {seen['device_reads'][-1]} from the device",
    ]
    if run.totals["cma_asked"]:
        parts.append(f"{run.totals['cma_met']} of {run.totals['cma_asked']} CMA requests met")
    if run.totals["refused"]:
        parts.append(f"{run.totals['refused']} blocks refused")
    if run.totals["killed"]:
        parts.append(f"{run.totals['killed']} processes killed")
    return f"{run.name}: {', '.join(parts)}"
