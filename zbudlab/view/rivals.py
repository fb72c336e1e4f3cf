"""Bars of what zbud and zsmalloc need for the same pages."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from zbudlab.view.look import style, tokens

NAMES = ("zbud", "zsmalloc")
COLOURS = ("c_stuck", "c_zsm")
HATCHES = ("", "..")

#: What each needs: (zbud, zsmalloc).
Needs = Mapping[str, tuple[float, float]]


@style.styled
def figure(needs: Needs, what: str) -> Figure:
    """Draw a bar for zbud and one for zsmalloc for each name, with the difference in percent.

    needs: by name, what zbud and zsmalloc need. what: names the axis, with its unit.
    """
    drawn = Figure(figsize=(style.WIDE, 1.1 + 0.6 * len(needs)), layout="constrained")
    ax = drawn.add_subplot()
    for place, (name, colour, hatch) in enumerate(zip(NAMES, COLOURS, HATCHES, strict=True)):
        places = [line + 0.4 * place - 0.2 for line in range(len(needs))]
        values = [pair[place] for pair in needs.values()]
        bars = ax.barh(places, values, 0.38, color=tokens.colour(colour), label=name)
        for bar in bars:
            bar.set(hatch=hatch, edgecolor=tokens.colour("paper"))
        more = [
            f"{value:,g}{_more(*pair)}" for value, pair in zip(values, needs.values(), strict=True)
        ]
        ax.bar_label(bars, [f"{value:,g}" for value in values] if place else more, padding=4)
    ax.set_yticks(range(len(needs)), list(needs))
    ax.invert_yaxis()
    ax.margins(x=0.12)
    ax.grid(visible=False)
    ax.set_xlabel(what)
    drawn.legend(loc="outside lower center", ncols=2, frameon=False)
    return drawn


def _more(zbud: float, zsmalloc: float) -> str:
    return f"  ({zbud / zsmalloc - 1:+.0%})"


def key_values(needs: Needs) -> str:
    """Return what `figure` shows as text, one line per name."""
    return "\n".join(
        f"{name}: zbud {zbud:,g}, zsmalloc {zsmalloc:,g}{_more(zbud, zsmalloc)}"
        for name, (zbud, zsmalloc) in needs.items()
    )
