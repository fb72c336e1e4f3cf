"""All schedules of an exploration as a graph of states, time going down, the bad ends marked.

A dot is a state, a line a step. A ring is an end that all schedules may have, a cross one that is a
fault. Many schedules go through each state; a way from the top to an end is one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zbudlab.races.names import FAULTS
from zbudlab.races.result import Result
from zbudlab.view.races import pen

MOST = 700  #: states that are drawn
LISTED = 100  #: bad ends that can be chosen
LAYER, GAP = 24, 13  #: pixels from one layer to the next, and between neighbours


@dataclass(frozen=True)
class Graph:
    """Places of the states of an exploration, in pixels. x, y: float (states,)."""

    result: Result
    x: np.ndarray
    y: np.ndarray

    @property
    def width(self) -> float:
        """The width of the drawing."""
        return float(max(self.x.max() + 2 * GAP, 200))

    @property
    def height(self) -> float:
        """The height of the drawing."""
        return float(self.y.max() + 1.5 * LAYER)


def layout_of(result: Result) -> Graph:
    """Return where each state is drawn: below all that it follows."""
    parents = result.search.states["parent"][: result.states]
    depth = np.zeros(result.states, int)
    for state in result.order.tolist():
        following = result.edges[state][result.edges[state] >= 0]
        depth[following] = np.maximum(depth[following], depth[state] + 1)
    x = np.zeros(result.states)
    widest = np.bincount(depth).max()
    for layer in range(depth.max() + 1):
        members = np.flatnonzero(depth == layer)
        members = members[np.argsort(x[parents[members]], kind="stable")]
        start = (widest - len(members)) / 2
        x[members] = (start + np.arange(len(members)) + 1) * GAP
    return Graph(result, x, (depth + 0.7) * LAYER)


def named(result: Result) -> list[str]:
    """Return a line for each bad end that can be chosen: what is wrong, after how many steps."""
    found = []
    for state, actor, fault in result.bad[:LISTED]:
        steps = len(result.path_to(state)) + (actor >= 0)
        found.append(f"{FAULTS[fault][0]}, after {steps} steps")
    return found


def draw(result: Result, path: Sequence[int]) -> str:
    """Return the graph as SVG, "" if it has too many states. path: the schedule to emphasise."""
    if result.states > MOST:
        return ""
    graph = layout_of(result)
    parts = [_edges(graph), _way(graph, path), _dots(graph)]
    parts += [_cross(graph, number) for number in range(min(len(result.bad), LISTED))]
    alt = (
        f"A graph of {result.states} states with {len(result.bad)} bad ends; the way of the "
        f"schedule above has {len(path)} steps"
    )
    return pen.drawing(graph.width, graph.height, "".join(parts), alt, "graph")


def _edges(graph: Graph) -> str:
    path = ""
    edges = graph.result.edges
    for state, actor in np.argwhere(edges >= 0).tolist():
        to = edges[state, actor]
        path += f"M{graph.x[state]:.0f} {graph.y[state]:.0f}L{graph.x[to]:.0f} {graph.y[to]:.0f}"
    return pen.line(path, "edge", 0.7, "stroke-opacity:.55")


def _way(graph: Graph, path: Sequence[int]) -> str:
    """Return the line of a schedule."""
    state, points = 0, [f"{graph.x[0]:.0f} {graph.y[0]:.0f}"]
    for who in path:
        state = int(graph.result.edges[state, who])
        if state < 0:
            break
        points.append(f"{graph.x[state]:.0f} {graph.y[state]:.0f}")
    return pen.line("M" + "L".join(points), "accent", 2.5)


def _dots(graph: Graph) -> str:
    ends = graph.result.search.states["end"][: graph.result.states]
    drawn = ""
    for state in range(graph.result.states):
        fill = f"fill:{pen.ink('ink')}"
        if ends[state] == 1:
            fill = f"fill:{pen.ink('paper')};stroke:{pen.ink('good')};stroke-width:2.5"
        radius = 4.5 if ends[state] == 1 else 2.2
        at = {"cx": float(graph.x[state]), "cy": float(graph.y[state])}
        drawn += pen.element("circle", **at, r=radius, style=fill)
    return drawn


def _cross(graph: Graph, number: int) -> str:
    """Return the mark of a bad end: below the state whose step is a fault, or on the state."""
    state, actor, fault = graph.result.bad[number]
    x, y = float(graph.x[state]), float(graph.y[state])
    start = f"M{x:.0f} {y:.0f}"
    if actor >= 0:
        x, y = x + 5 * (actor - 1), y + LAYER * 0.55
    cross = pen.line(f"{start}L{x:.1f} {y:.1f}", "bad", 1.2)
    arms = f"M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8"
    target = pen.element("rect", x=x - 8, y=y - 8, width=16, height=16, style="fill:transparent")
    title = pen.element("title", FAULTS[fault][0])
    return pen.element("g", title, cross, pen.line(arms, "bad", 2.2), target, data_bad=number)


def described(result: Result) -> str:
    """Return the graph in one sentence."""
    bad = len(result.bad)
    size = f"{result.states:,} states, {result.schedules:,} schedules"
    if result.states > MOST:
        return f"{size}: too many states to draw."
    ends = "no bad end" if not bad else f"{bad} bad {'end' if bad == 1 else 'ends'} (crosses)"
    return f"{size}, {ends}."
