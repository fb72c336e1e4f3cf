"""Curves of timings measured on the reader's own computer (zbudlab.lessons.measure)."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from zbudlab.view.look import style, tokens

STYLES = (
    (tokens.colour("edge"), "s", "--"),
    (tokens.colour("c_zsm"), "D", "-."),
    (tokens.colour("accent"), "o", "-"),
)


@style.styled
def figure(curves: dict[str, dict[int, float]], what: str, title: str) -> Figure:
    """Draw log-log curves of nanoseconds per operation against size.

    curves: by method, the nanoseconds by size. what: names the size axis.
    """
    drawn = Figure(figsize=(8, 4.2), layout="constrained")
    ax = drawn.add_subplot()
    for (name, curve), (colour, marker, line) in zip(curves.items(), STYLES, strict=False):
        ax.plot(list(curve), list(curve.values()), line, color=colour, marker=marker, label=name)
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    _plain_numbers(ax)
    ax.set_xlabel(f"{what}, how many")
    ax.set_ylabel("nanoseconds each")
    ax.set_title(title)
    drawn.legend(loc="outside right upper", frameon=False)
    return drawn


def _plain_numbers(ax: Axes) -> None:
    """Write the ticks as plain numbers: 64, not a power of 2."""
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    low, high = ax.get_ylim()
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())


def key_values(curves: dict[str, dict[int, float]]) -> str:
    """Return the last point of each curve and its ratio to the fastest, in one line."""
    last = {name: list(curve.values())[-1] for name, curve in curves.items()}
    fastest = min(last.values())
    told = [f"{name} {ns:.3g} ns ({ns / fastest:.3g} x)" for name, ns in last.items()]
    return "at the right end: " + ", ".join(told)
