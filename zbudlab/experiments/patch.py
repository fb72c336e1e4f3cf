"""The patch's effect: huge pages after memory was filled, thinned and compacted."""

from functools import cache
from pathlib import Path
from typing import Any

from zbudlab.analysis import predict, recorded

#: What a running kernel showed; in a checkout, not in the wheel.
RECORDED = Path(__file__).parents[2] / "tests" / "data" / "truth" / "frag_runs.jsonl.gz"
MEMORY = {"processes": predict.PLAIN, **{name.replace(", ", " "): name for name in predict.ZBUD}}


@cache
def runs(path: Path = RECORDED) -> dict[str, recorded.RecordedRun]:
    """The clean recorded runs by name; FileNotFoundError outside a checkout of zbudlab."""
    return {run["run"]: run for run in recorded.read_runs(path) if recorded.is_clean(run)}


def recorded_run(freed: str, memory: str) -> recorded.RecordedRun:
    """The run whose start and number of pages an experiment takes.

    freed: as in the runs' names: every2, p250 (25 % at random), rand2 (50 %), rand4 (75 %), p900,
    p990, firsthalf. memory: a key of MEMORY. ValueError for others.
    """
    name = f"{'anon' if memory == 'processes' else 'zbud'}-{freed}"
    if memory not in MEMORY or name not in runs():
        raise ValueError(f"no run for memory {memory!r} ({', '.join(MEMORY)}) and freed {freed!r}")
    return runs()[name]


def patch(freed: str, memory: str, *, seed: int) -> dict[str, Any]:
    """Blocks of order 9 that a zone of 256 MiB gives: at first, and after a second compaction.

    Also the movable pageblocks after filling, and the pages that compaction moved.
    """
    experiment = recorded.experiment(recorded_run(freed, memory))
    made = predict.predict_one(experiment, MEMORY[memory], seed)
    return {
        "first_ask": made.first_ask,
        "second_ask": made.second_ask,
        "movable_pageblocks": made.movable_pageblocks,
        "moved": made.moved,
    }
