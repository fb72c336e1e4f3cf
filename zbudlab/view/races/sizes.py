"""How large an exploration is: states, schedules, and the schedules that break something."""

from matplotlib.figure import Figure

from zbudlab.races.result import Result
from zbudlab.view.look import style, tokens

LEAST = 0.8  #: where the axis begins, so that a bar of one is visible


@style.styled
def plot_sizes(result: Result) -> Figure:
    """Draw states, schedules and faulty schedules as bars on a logarithmic axis."""
    counts = {
        "states": (result.states, "edge"),
        "schedules": (result.schedules, "ink"),
        "faulty": (result.faults, "bad"),
    }
    drawn = Figure(figsize=(style.WIDE, 1.9), layout="constrained")
    ax = drawn.add_subplot()
    numbers = [max(number, LEAST) for number, _ in counts.values()]
    colours = [tokens.colour(token) for _, token in counts.values()]
    bars = ax.barh(list(counts), numbers, color=colours)
    ax.bar_label(bars, [f"{number:,}" for number, _ in counts.values()], padding=4, fontsize=10)
    ax.set_xscale("log")
    ax.set_xlim(LEAST, max(numbers) * 30)
    ax.invert_yaxis()
    ax.grid(visible=False)
    ax.set_title("every schedule of these processors")
    return drawn


def size_values(result: Result) -> str:
    """Return what `plot_sizes` shows in one line."""
    kinds = "; ".join(f"{name} in {count:,}" for name, count in result.kinds.items())
    found = f"{result.states:,} states, {result.schedules:,} schedules, {result.faults:,} faulty"
    return f"{found} ({kinds})" if kinds else found
