"""The effect of the patch: huge pages after memory was filled, thinned and compacted."""

from functools import cache
from pathlib import Path
from typing import Annotated, Any

from zbudlab.analysis import predict, recorded
from zbudlab.io.arguments import checked
from zbudlab.io.values import Choice
from zbudlab.sweep.description import described

#: Recorded on a running kernel; in a checkout, not in the wheel.
RECORDED = Path(__file__).parents[2] / "tests" / "data" / "truth" / "frag_runs.jsonl.gz"
MEMORY = {"processes": predict.PLAIN, **{name.replace(", ", " "): name for name in predict.ZBUD}}
FREED = ("every2", "p250", "rand2", "rand4", "p900", "p990", "firsthalf")


@cache
def runs(path: Path = RECORDED) -> dict[str, recorded.RecordedRun]:
    """Return the clean recorded runs by name; FileNotFoundError outside a checkout of zbudlab."""
    return {run["run"]: run for run in recorded.read_runs(path) if recorded.is_clean(run)}


def recorded_run(freed: str, memory: str) -> recorded.RecordedRun:
    """Return the recorded run that an experiment starts from.

    freed: a name in FREED: every2 (every second page), p250 (25 % at random), rand2 (50 %),
    rand4 (75 %), p900, p990, firsthalf. memory: a key of MEMORY. ValueError for others.
    """
    name = f"{'anon' if memory == 'processes' else 'zbud'}-{freed}"
    if memory not in MEMORY or name not in runs():
        raise ValueError(f"no run for memory {memory!r} ({', '.join(MEMORY)}) and freed {freed!r}")
    return runs()[name]


@described(
    {
        "first_ask": ("blocks", "blocks of order 9 available after the first compaction"),
        "second_ask": ("blocks", "the same after a second compaction"),
        "movable_pageblocks": ("pageblocks", "movable pageblocks after memory was filled"),
        "moved": ("pages", "pages that compaction moved"),
    }
)
@checked()
def patch(
    freed: Annotated[str, Choice(FREED), "which of the pages are freed"],
    memory: Annotated[str, Choice(tuple(MEMORY)), "what memory is filled with"],
    *,
    seed: int,
) -> dict[str, Any]:
    """Count the blocks of order 9 that a zone of 256 MiB supplies after compaction.

    The zone starts from a recorded run (`recorded_run`).
    """
    experiment = recorded.experiment(recorded_run(freed, memory))
    made = predict.predict_one(experiment, MEMORY[memory], seed)
    return {
        "first_ask": made.first_ask,
        "second_ask": made.second_ask,
        "movable_pageblocks": made.movable_pageblocks,
        "moved": made.moved,
    }
