"""zswap or zram: tables and figure from the sweep of zram.toml."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from findings.common import Claim, Interval, at, figure, interval, markdown, present
from zbudlab.experiments.zram import CONTENTS
from zbudlab.view.look import tokens

SHORT = {"workload": ["desktop"], "swap": ["zswap", "zram"]}
COLOURS = ("process", "edge", "c_zsm")
USUAL, RANDOM = CONTENTS


def traffic(rows: pd.DataFrame) -> Interval:
    """Return pages read from and written to the swap device."""
    return interval(rows["device_reads"] + rows["device_writes"])


def share(rows: pd.DataFrame, column: str) -> Interval:
    """Return frames as a share of memory, percent."""
    return interval(100 * rows[column] / rows["frames"])


def tables(rows: pd.DataFrame) -> dict[str, str]:
    """Return a table of what each kind of swap costs."""
    lines = []
    for content in present(rows, "content"):
        for workload in present(rows, "workload"):
            for swap in present(rows, "swap"):
                here = at(rows, content=content, workload=workload, swap=swap)
                cells = [
                    interval(here["pgmajfault"]).shown("{:.0f}"),
                    traffic(here).shown("{:.0f}"),
                    share(here, "pool"),
                    share(here, "pool_most"),
                    interval(here["killed"]).shown("{:.0f}"),
                ]
                lines.append([f"{workload}, {content}: {swap}", *cells])
    heads = ["workload, content: swap", "pages that came back", "device traffic, pages"]
    heads += ["pool, mean, % of memory", "most", "processes killed"]
    return {"computed": markdown(heads, lines)}


def draw(rows: pd.DataFrame) -> Figure:
    """Draw what each kind of swap costs in device traffic, memory and processes."""
    drawn, axes = figure(3)
    usual, loads = at(rows, content=USUAL), present(rows, "workload")
    places = np.arange(len(loads))
    for number, swap in enumerate(present(rows, "swap")):
        here, other = at(usual, swap=swap), at(rows, content=RANDOM, swap=swap)
        values = (
            [traffic(at(here, workload=w)).mean for w in loads],
            [share(at(here, workload=w), "pool").mean for w in loads],
            [interval(at(other, workload=w)["killed"]).mean for w in loads],
        )
        where = places + 0.26 * (number - 1)
        for ax, value in zip(axes, values, strict=True):
            label = swap if ax is axes[0] else None
            ax.bar(where, value, 0.24, color=tokens.colour(COLOURS[number]), label=label)
    titles = ("Device traffic, pages", "Pool, % of memory", "Killed, random pages")
    for ax, title in zip(axes, titles, strict=True):
        ax.set_xticks(places, loads, fontsize=9)
        ax.set_title(title)
    drawn.legend(loc="outside lower center", ncols=3, frameon=False)
    return drawn


def _memory(rows: pd.DataFrame) -> bool:
    usual = at(rows, content=USUAL)
    there = at(usual, swap="zram")
    none = not there[["device_reads", "device_writes", "killed"]].to_numpy().any()
    return none and all(
        share(at(there, workload=w), "pool").low
        > share(at(usual, workload=w, swap="zswap"), "pool").high
        for w in present(rows, "workload")
    )


def _faults(rows: pd.DataFrame) -> bool:
    usual = at(rows, content=USUAL)
    return all(
        interval(at(usual, workload=w, swap=s)["pgmajfault"]).low
        > interval(at(usual, workload=w, swap="device")["pgmajfault"]).high
        for w in present(rows, "workload")
        for s in ("zswap", "zram")
    )


def _killed(rows: pd.DataFrame) -> bool:
    there = at(rows, content=RANDOM)
    others = there[there["swap"] != "zram"]
    return bool((at(there, swap="zram")["killed"] > 0).all() and not others["killed"].any())


def _little(rows: pd.DataFrame) -> bool:
    there = at(rows, content=RANDOM)
    return all(
        0.8
        < traffic(at(there, workload=w, swap="zswap")).mean
        / traffic(at(there, workload=w, swap="device")).mean
        < 1
        for w in present(rows, "workload")
    )


CLAIMS = (
    Claim("zram has no device traffic and takes more memory than zswap's limited pool", _memory),
    Claim("With either, more pages leave and come back than with a device alone", _faults),
    Claim("With pages that do not compress, zram ends processes and zswap none", _killed),
    Claim("There zswap saves less than a fifth of the device traffic", _little),
)
