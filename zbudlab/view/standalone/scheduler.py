"""The game for pages without a kernel: the graph of states of each level. See scheduler.js.

Such a graph is small, and a walk through it is the whole game.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zbudlab.races import search
from zbudlab.races.account import (
    AT_THE_END,
    OF_AN_ADDRESS,
    Account,
    holds_of,
    references_of,
    victim_of,
)
from zbudlab.races.names import FAULTS, LOCKS
from zbudlab.races.result import Result
from zbudlab.view.races import lanes, pen
from zbudlab.view.scheduler import LEVELS

if TYPE_CHECKING:
    from zbudlab.view.scheduler import BeTheScheduler
    from zbudlab.view.standalone.page import Page

TOKENS = ("bad", "edge", "ink", "line", "pinned", "quiet", "raised", *lanes.LOCKS.values())
NO_STATE = -1  #: where the step of an actor leads that has none, or waits
FIRST_FAULT = -2  #: FIRST_FAULT - n = the step is fault number n of `faults`


def recorded(view: BeTheScheduler, _page: Page) -> dict[str, Any]:
    """Return the graphs of all levels, those of the level shown first."""
    graphs = [[_graph(view.explored(n, mended)) for mended in (False, True)] for n in _levels()]
    rest = dict(enumerate(graphs))
    return {
        "levels": [{"title": x.title, "task": x.task, "mended": x.mended} for x in LEVELS],
        "opens": {"level": view.level, "mended": view.mended, "path": list(view.path)},
        "first": rest.pop(view.level),
        "drawing": {
            "locks": LOCKS,
            "tokens": lanes.LOCKS,
            "ink": {token: pen.ink(token) for token in TOKENS},
            "legend": lanes.LEGEND,
        },
        "why": {fault: Account((), (), fault).why for fault in FAULTS},
        "unblamed": AT_THE_END,
        "moved": OF_AN_ADDRESS,
        "more": rest,
    }


def _levels() -> range:
    return range(len(LEVELS))


def _graph(result: Result) -> dict[str, Any]:
    """Return the states of an exploration, and its steps that are faults.

    A state has `to`, where the step of each actor leads, and `end`, the fault of schedules that
    end there (-1 = they do not end there).
    """
    states: list[dict[str, Any]] = []
    faults: list[dict[str, Any]] = []
    for state in range(result.states):
        _go(result, result.path_to(state))
        end = int(result.search.states["end"][state])
        states.append({**_moment(result), "end": -min(end, 0) if end else -1})
        kept = result.image.words.copy()
        states[-1]["to"] = to = []
        for who, at in enumerate(result.edges[state].tolist()):
            if at < search.FIRST_FAULT:
                to.append(FIRST_FAULT - len(faults))
                faults.append(_fault(result, who, search.FIRST_FAULT - at))
                result.image.words[:] = kept
            else:
                to.append(at if at >= 0 else NO_STATE)
    return {"actors": [actor.name for actor in result.actors], "states": states, "faults": faults}


def _go(result: Result, path: list[int]) -> None:
    """Run a schedule from the start."""
    result.image.words[:] = result.search.root
    for who in path:
        result.programs.step(result.search, who)


def _moment(result: Result) -> dict[str, Any]:
    """Return what the page shows now; `next` has "" for an actor that has finished."""
    done = result.image.actors["pc"] < 0
    names = [
        "" if done[who] else result.programs.step_name(who) for who in range(len(result.actors))
    ]
    return {"next": names, "references": references_of(result), "holds": holds_of(result)}


def _fault(result: Result, who: int, fault: int) -> dict[str, Any]:
    """Run a step that is a fault. Return the moment after it, and who suffers (-1 = its actor)."""
    result.programs.step(result.search, who)
    return {**_moment(result), "fault": fault, "victim": victim_of(result)}
