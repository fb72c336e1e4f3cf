"""What a running Linux 6.1 was recorded to do."""

from pathlib import Path

from zbudlab.analysis import recorded

DATA = Path(__file__).parents[1] / "data"


RUNS = recorded.read_runs(DATA / "truth" / "frag_runs.jsonl.gz")
CLEAN = {run["run"]: run for run in RUNS if recorded.is_clean(run)}
PATTERNS = ["every2", "p250", "rand2", "rand4", "p900", "p990", "firsthalf"]
STAGES = [stage for run in RUNS for stage in run["stages"]]
HALF = recorded.read_half(DATA / "truth" / "half_runs.json.gz")
