"""Curves of timings measured on the reader's own computer (zbudlab.lessons.measure)."""

from matplotlib.figure import Figure

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
    ax.set_xlabel(f"{what}, how many")
    ax.set_ylabel("nanoseconds each")
    ax.set_title(title)
    drawn.legend(loc="outside right upper", frameon=False)
    return drawn


def key_values(curves: dict[str, dict[int, float]]) -> str:
    """Return the last point of each curve and its ratio to the fastest, in one line."""
    last = {name: list(curve.values())[-1] for name, curve in curves.items()}
    fastest = min(last.values())
    told = [f"{name} {ns:.3g} ns ({ns / fastest:.3g} x)" for name, ns in last.items()]
    return "at the right end: " + ", ".join(told)
