"""What to set max_pool_percent to: tables and figure from the sweep of pool.toml."""

import pandas as pd
from matplotlib.figure import Figure

from findings.common import (
    Claim,
    Interval,
    figure,
    interval,
    line,
    markdown,
    name_lines,
    of_group,
    present,
)
from zbudlab.view.look import tokens

SHORT = {"workload": ["database"], "max_pool_percent": [0, 20]}


def traffic(rows: pd.DataFrame) -> pd.Series:
    """Return pages read from and written to the swap device."""
    return rows["device_reads"] + rows["device_writes"]


def saved(rows: pd.DataFrame, workload: str, percent: int) -> Interval:
    """Return the device traffic saved compared with the same seed without a pool, percent."""
    here = rows[rows["workload"] == workload]
    without = here[here["max_pool_percent"] == 0].set_index("seed")
    with_pool = here[here["max_pool_percent"] == percent].set_index("seed")
    return interval(100 * (1 - traffic(with_pool) / traffic(without)))


def best(rows: pd.DataFrame, workload: str) -> int:
    """Return the share with the least device traffic."""
    percents = present(rows, "max_pool_percent")
    return max(percents, key=lambda percent: saved(rows, workload, percent).mean)


def tables(rows: pd.DataFrame) -> dict[str, str]:
    """Return a table of the gain and the price of each share."""
    lines = []
    for workload in present(rows, "workload"):
        for percent in present(rows, "max_pool_percent"):
            where = {"workload": workload, "max_pool_percent": percent}
            major = of_group(rows, "major_faults", **where)
            here = rows[(rows["workload"] == workload) & (rows["max_pool_percent"] == percent)]
            served = interval(100 * here["served"] / here["major_faults"])
            share = of_group(rows.assign(p=100 * rows["pool_share"]), "p", **where)
            cells = [major.shown("{:.0f}"), served, saved(rows, workload, percent), share]
            lines.append([f"{workload}, {percent} %", *cells])
    heads = ["workload, max_pool_percent", "pages that came back", "of them from the pool, %"]
    return {"pool": markdown([*heads, "device traffic saved, %", "memory given up, %"], lines)}


def draw(rows: pd.DataFrame) -> Figure:
    """Draw device traffic saved, and memory given up, over the share."""
    drawn, (left, right) = figure(2)
    percents = present(rows, "max_pool_percent")
    for number, workload in enumerate(present(rows, "workload")):
        got = [saved(rows, workload, percent) for percent in percents]
        line(left, percents, got, number, workload)
        share = rows.assign(p=100 * rows["pool_share"])
        used = [of_group(share, "p", workload=workload, max_pool_percent=p) for p in percents]
        line(right, percents, used, number, workload)
    left.set_ylabel("device traffic saved, %")
    left.set_title("A pool of 20 % saves device traffic everywhere")
    right.set_ylabel("frames of the pool, mean, % of memory")
    right.set_title("The memory it takes")
    for ax in (left, right):
        ax.set_xlabel("max_pool_percent")
        name_lines(ax)
    left.axhline(0, color=tokens.colour("edge"), linewidth=0.9)
    return drawn


def _more_faults(rows: pd.DataFrame) -> bool:
    return all(
        of_group(
            rows,
            "major_faults",
            workload=w,
            max_pool_percent=max(present(rows, "max_pool_percent")),
        ).low
        > of_group(rows, "major_faults", workload=w, max_pool_percent=0).high
        for w in present(rows, "workload")
    )


def _saves(rows: pd.DataFrame) -> bool:
    return all(saved(rows, w, 20).low > 0 for w in present(rows, "workload"))


CLAIMS = (
    Claim("A pool makes more pages leave and come back than no pool", _more_faults),
    Claim("At 20 % the pool saves device traffic in all workloads", _saves),
)
