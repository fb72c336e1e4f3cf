"""Curves of what was measured on the reader's own machine (zbudlab.lessons.measure)."""

from matplotlib.figure import Figure

STYLES = (("#a33c00", "s", "--"), ("#e69f00", "^", "-."), ("#0072b2", "o", "-"))


def figure(curves: dict[str, dict[int, float]], what: str, title: str) -> Figure:
    """Log-log curves: nanoseconds an operation (`what`) against the size, a line a way."""
    drawn = Figure(figsize=(8, 4.2), layout="constrained")
    ax = drawn.add_subplot()
    for (name, curve), (colour, marker, line) in zip(curves.items(), STYLES, strict=False):
        ax.plot(list(curve), list(curve.values()), line, color=colour, marker=marker, label=name)
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ax.set_xlabel(f"{what}, how many", fontsize=11)
    ax.set_ylabel("nanoseconds each", fontsize=11)
    ax.set_title(title, fontsize=12)
    ax.grid(color="#dddddd")
    ax.spines[["top", "right"]].set_visible(False)
    drawn.legend(loc="outside right upper", frameon=False)
    return drawn


def key_values(curves: dict[str, dict[int, float]]) -> str:
    """The last point of each line, with how many times the fastest it takes."""
    last = {name: list(curve.values())[-1] for name, curve in curves.items()}
    fastest = min(last.values())
    told = [f"{name} {ns:.3g} ns ({ns / fastest:.3g} x)" for name, ns in last.items()]
    return "at the right end: " + ", ".join(told)
