"""The experiment of the patch series in miniature: fill memory, free a share of it, compact, count.

Sweeps run it by the thousand, so it has a batch form that runs many machines in one compiled call.
Both forms give the same results.
"""

import inspect
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from zbudlab.experiments import script
from zbudlab.experiments.batch import Batch
from zbudlab.experiments.parameters import Frames, Order
from zbudlab.experiments.pressure import BLOCKS, compacted
from zbudlab.io.arguments import checked
from zbudlab.io.values import Choice
from zbudlab.layout import WMARK_HIGH
from zbudlab.machine import Machine
from zbudlab.machine.config import MachineConfig
from zbudlab.machine.settings import SHARE
from zbudlab.sweep.description import described

KINDS = ("processes", "zbud unmovable", "zbud movable")
PATTERNS = ("random", "every", "first")
OBJECT_SIZE = 2500  #: bytes; one object fills a zbud page
RESULTS = ("blocks_ideal", "blocks_before", "blocks_after", "pages_moved")


def _config(kind: str, frames: int) -> MachineConfig:
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
    zbud = "plain" if kind == "zbud unmovable" else "series"
    return MachineConfig(frames=frames, zbud=zbud, zswap=False, page_bytes=False, log=False)


def _pages(fill: float, config: MachineConfig) -> int:
    """Return how many pages fill that share of memory, above the high watermark."""
    pages, room = round(fill * config.frames), config.frames - config.watermarks[WMARK_HIGH]
    if not 1 <= pages < room:
        raise ValueError(f"{pages} pages do not fit: 1 to {room - 1} do in {config.frames} frames")
    return pages


def freed_pages(pages: int, freed: float, pattern: str, seed: int) -> NDArray[np.bool_]:
    """Return which pages are freed, bool (pages,). freed: share of them; pattern: of PATTERNS."""
    if pattern not in PATTERNS or not 0 <= freed <= 1:
        known = ", ".join(PATTERNS)
        raise ValueError(f"freed must be 0 to 1 and pattern one of {known}, not {freed}, {pattern}")
    count, which = round(freed * pages), np.zeros(pages, bool)
    if pattern == "random":
        which[np.random.Generator(np.random.PCG64(seed)).permutation(pages)[:count]] = True
    elif pattern == "every":
        which[np.arange(count) * pages // max(count, 1)] = True
    else:
        which[:count] = True
    return which


@described({name: BLOCKS[name] for name in RESULTS})
@checked()
def thinned(
    kind: Annotated[str, Choice(KINDS), "what memory is filled with"] = KINDS[2],
    *,
    frames: Frames = 4096,
    fill: Annotated[float, SHARE, "share of all frames that is filled"] = 0.9,
    freed: Annotated[float, SHARE, "share of the pages that is freed"] = 0.5,
    pattern: Annotated[str, Choice(PATTERNS), "which of the pages"] = "random",
    order: Order = 9,
    seed: int,
) -> dict[str, Any]:
    """Count blocks of 2^order frames before and after compaction, after pages were freed.

    kind: what memory is filled with, of KINDS. fill: share of all frames. freed: share of the
    pages that is freed, by `pattern`. ValueError if the pages do not fit.
    """
    found = compacted(machine_of(kind, frames, fill, freed, pattern, seed), order)
    return {name: found[name] for name in RESULTS}


def machine_of(
    kind: str, frames: int, fill: float, freed: float, pattern: str, seed: int
) -> Machine:
    """Return the machine of such a run, filled and thinned, not yet compacted."""
    config = _config(kind, frames)
    which = freed_pages(_pages(fill, config), freed, pattern, seed)
    machine = Machine(config)
    if kind == "processes":
        _of_processes(machine, which)
    else:
        handles = [machine.zbud_alloc(OBJECT_SIZE) for _ in which]
        for page in np.flatnonzero(which).tolist():
            machine.zbud_free(handles[page])
    return machine


def _of_processes(machine: Machine, which: NDArray[np.bool_]) -> None:
    """Write the pages of two processes in order, then end the one whose pages are to be freed."""
    stay, go = (machine.create_process(max(int(n), 1)) for n in (sum(~which), sum(which)))
    bounds = np.flatnonzero(np.diff(which, prepend=~which[0], append=~which[-1]))
    place = _places(which)
    for start, end in pairwise(bounds.tolist()):
        machine.touch(go if which[start] else stay, place[start:end], write=True)
    machine.exit(go)


def _places(which: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the number of each page within its process."""
    return np.where(which, np.cumsum(which), np.cumsum(~which)) - 1


def script_of(kind: str, which: NDArray[np.bool_], order: int) -> script.Script:
    """Return what `thinned` does to its machine as a script."""
    if kind == "processes":
        sizes = [max(int(n), 1) for n in (sum(~which), sum(which))]
        used = [
            script.rows(script.CREATE_PROCESS, sizes),
            script.rows(script.TOUCH, which, _places(which)),
            script.rows(script.EXIT, 1),
        ]
    else:
        stored = np.full(len(which), OBJECT_SIZE)
        used = [
            script.rows(script.ZBUD_ALLOC, stored),
            script.rows(script.ZBUD_FREE, np.flatnonzero(which)),
        ]
    counted = [(script.FREE, 0, 0), (script.ASK, order, 0), (script.COMPACT, -1, 1)]
    return np.concatenate([*used, np.array([*counted, (script.ASK, order, 0)])])


def _batch(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the results of many points; machines of the same kind and size share a call."""
    wanted = [DEFAULTS | point for point in points]
    found: list[dict[str, Any]] = [{} for _ in points]
    for alike in {(point["kind"], point["frames"]) for point in wanted}:
        numbers = [i for i, p in enumerate(wanted) if (p["kind"], p["frames"]) == alike]
        scripts = [_script_at(wanted[i]) for i in numbers]
        for i, results in zip(numbers, Batch(_config(*alike)).run(scripts), strict=True):
            found[i] = _results(results, wanted[i])
    return found


def _script_at(point: dict[str, Any]) -> script.Script:
    pages = _pages(point["fill"], _config(point["kind"], point["frames"]))
    which = freed_pages(pages, point["freed"], point["pattern"], point["seed"])
    return script_of(point["kind"], which, point["order"])


def _results(results: script.Results, point: dict[str, Any]) -> dict[str, Any]:
    free, before, moved, after = results[-4:].tolist()
    return dict(zip(RESULTS, (free >> point["order"], before, after, moved), strict=True))


DEFAULTS = {
    name: each.default
    for name, each in inspect.signature(thinned).parameters.items()
    if each.default is not each.empty
}
thinned.batch = _batch  # type: ignore[attr-defined]
