"""List the experiments of zbudlab: what they take and what they return."""

import difflib
import inspect
from collections.abc import Iterable
from typing import Any

from zbudlab.experiments.cma import cma
from zbudlab.experiments.density import density
from zbudlab.experiments.patch import patch
from zbudlab.experiments.pool import pool
from zbudlab.experiments.pressure import pressure
from zbudlab.experiments.thinned import thinned
from zbudlab.io.arguments import checked
from zbudlab.io.values import shown
from zbudlab.sweep.description import parameters_of
from zbudlab.sweep.points import Experiment

EXPERIMENTS: dict[str, Experiment] = {
    function.__name__: function for function in (cma, density, patch, pool, pressure, thinned)
}


@checked()
def listed(names: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Return a description of each experiment as plain values; ValueError for unknown names.

    A description has name, use (what a sweep file says), summary, parameters (name, kind, bounds
    or choices, default or `required`, about) and results (name, unit, about).
    """
    chosen = ([names] if isinstance(names, str) else list(names)) or list(EXPERIMENTS)
    for name in chosen:
        if not isinstance(name, str) or name not in EXPERIMENTS:
            close = difflib.get_close_matches(str(name)[:60], EXPERIMENTS, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(EXPERIMENTS)}"
            raise ValueError(f"no experiment {shown(name)}: {hint}")
    return [_description(EXPERIMENTS[name]) for name in chosen]


def _description(experiment: Experiment) -> dict[str, Any]:
    summary = (inspect.getdoc(experiment) or "").splitlines()[0]
    results = experiment.results.items()  # type: ignore[attr-defined]
    return {
        "name": experiment.__name__,
        "use": experiment.__name__,
        "summary": summary,
        "parameters": [parameter.as_dict() for parameter in parameters_of(experiment)],
        "results": [{"name": n, "unit": unit, "about": about} for n, (unit, about) in results],
    }
