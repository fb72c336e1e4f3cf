"""Recorded traces, and ways to write and read small ones."""

from pathlib import Path

import numpy as np

DATA = Path(__file__).parents[1] / "data" / "traces"
PERF = DATA / "kmem.perf.txt.gz"
FRAMES = 4096


def written(folder, text, name="trace"):
    path = folder / name
    path.write_text(text)
    return path


def records(reader):
    return np.concatenate([batch.records for batch in reader])
