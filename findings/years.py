"""What ten years of zswap changed: tables and figure from the sweep of years.toml."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from findings.common import Claim, Interval, at, figure, interval, markdown, present
from zbudlab.view.look import tokens

SHORT = {"workload": ["desktop"], "profile": ["7.3"], "max_pool_percent": [5]}
COLOURS = ("c_stuck", "process", "edge", "c_zsm")


def refused(rows: pd.DataFrame) -> pd.Series:
    """Return pages that zswap refused, which went to the device as the newest of all."""
    return rows["device_writes"] - rows["written_back_pages"]


def too_long(rows: pd.DataFrame) -> pd.Series:
    """Return pages that were refused because they did not compress."""
    return rows["reject_compress_poor"] + rows["reject_compress_fail"]


def served(rows: pd.DataFrame) -> pd.Series:
    """Return the share of faults that needed no read from the device, percent."""
    return 100 * (1 - rows["device_reads"] / rows["pgmajfault"])


def traffic(rows: pd.DataFrame) -> pd.Series:
    """Return pages read from and written to the swap device."""
    return rows["device_reads"] + rows["device_writes"]


def inverted(rows: pd.DataFrame) -> Interval:
    """Return the refused pages among those that went to the device, percent."""
    return interval(100 * refused(rows) / rows["device_writes"])


def tables(rows: pd.DataFrame) -> dict[str, str]:
    """Return a table of what each kernel does under each limit."""
    lines = []
    for workload in present(rows, "workload"):
        for percent in present(rows, "max_pool_percent"):
            for profile in present(rows, "profile"):
                here = at(rows, workload=workload, max_pool_percent=percent, profile=profile)
                cells = [
                    interval(here["pgmajfault"]).shown("{:.0f}"),
                    interval(served(here)),
                    interval(traffic(here)).shown("{:.0f}"),
                    interval(refused(here)).shown("{:.0f}"),
                    inverted(here),
                    interval(here["swpin_zero"]).shown("{:.0f}"),
                ]
                lines.append([f"{workload}, {percent} %, {profile}", *cells])
    heads = ["workload, limit, kernel", "pages that came back", "without the device, %"]
    heads += ["device traffic, pages", "refused", "refused, % of writes"]
    return {"years": markdown([*heads, "zeros read back"], lines)}


def draw(rows: pd.DataFrame) -> Figure:
    """Draw device traffic, and the refused pages among those written, by kernel."""
    drawn, axes = figure(2)
    cases = [(w, p) for w in present(rows, "workload") for p in present(rows, "max_pool_percent")]
    for number, profile in enumerate(present(rows, "profile")):
        colour = tokens.colour(COLOURS[number])
        places = np.arange(len(cases)) + 0.2 * (number - 1.5)
        found = [at(rows, workload=w, max_pool_percent=p, profile=profile) for w, p in cases]
        for ax, value in zip(axes, (lambda r: interval(traffic(r)), inverted), strict=True):
            means = [value(each).mean for each in found]
            ax.bar(places, means, 0.19, color=colour, label=profile if ax is axes[0] else None)
    for ax, title in zip(
        axes, ("Pages to and from the device", "Refused pages, % of those written"), strict=True
    ):
        ax.set_xticks(range(len(cases)), [f"{w}\n{p} %" for w, p in cases], fontsize=8)
        ax.set_title(title)
    drawn.legend(loc="outside lower center", ncols=4, frameon=False)
    return drawn


def _inversion(rows: pd.DataFrame) -> bool:
    """Compare refusals with those of 3.12, which refuses only what does not compress."""
    for workload in present(rows, "workload"):
        here = at(rows, max_pool_percent=5, workload=workload)
        first, old, new = (at(here, profile=p) for p in ("3.12-fixed", "6.1", "7.3"))
        if not refused(first).equals(too_long(first)):
            return False
        twice = interval(refused(old)).low > 2 * interval(refused(first)).high
        if not (twice and inverted(old).low > 99 and inverted(new).high < 3):
            return False
    return True


def _zeros(rows: pd.DataFrame) -> bool:
    here = at(rows, workload="desktop")
    older = here[here["profile"].isin(["3.12-fixed", "6.1"])]
    return not older["swpin_zero"].any() and bool((at(here, profile="7.3")["swpin_zero"] > 0).all())


def _mean(rows: pd.DataFrame, **where: Any) -> float:
    return interval(traffic(at(rows, **where))).mean


def _not_less(rows: pd.DataFrame) -> bool:
    """Compare 7.3 with 6.1: more traffic in build under a high limit, less in desktop."""
    builds = [_mean(rows, workload="build", max_pool_percent=20, profile=p) for p in ("7.3", "6.1")]
    tabs = [_mean(rows, workload="desktop", max_pool_percent=20, profile=p) for p in ("7.3", "6.1")]
    return builds[0] > 2 * builds[1] and tabs[0] < tabs[1]


def _limit_saves(rows: pd.DataFrame) -> bool:
    return all(
        _mean(rows, workload=w, profile=p, max_pool_percent=20)
        < 0.9 * _mean(rows, workload=w, profile=p, max_pool_percent=5)
        for w in present(rows, "workload")
        for p in present(rows, "profile")
    )


CLAIMS = (
    Claim("With 5 %, 6.1 sends the newest pages to the device, 7.3 the oldest", _inversion),
    Claim("Pages of zeros come back without zswap and device since 7.2", _zeros),
    Claim("Newer is not always less traffic", _not_less),
    Claim("A limit of 20 % instead of 5 % saves traffic in every kernel", _limit_saves),
)
