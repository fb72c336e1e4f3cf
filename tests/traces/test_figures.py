"""Figures of a replayed trace: counts and samples."""

import numpy as np
import pytest

from tests.traces.samples import DATA, FRAMES, PERF
from zbudlab import traces
from zbudlab.traces.figures import SAMPLES


def test_figures_of_the_recording_and_the_table_of_them_are_the_same():
    perf = traces.replay("kmem", PERF, frames=FRAMES)
    table = traces.replay("blocks", DATA / "blocks.parquet", frames=FRAMES)
    assert perf.counts["events"] == table.counts["events"] == 5949
    assert [{**sample, "seconds": 0} for sample in perf.samples] == [
        {**sample, "seconds": 0} for sample in table.samples
    ]
    assert perf.last["seconds"] == pytest.approx(table.last["seconds"], abs=1e-6)
    assert perf.counts["blocks in use at the end"] == 1957
    assert perf.last["free_pages"] == FRAMES - 1957
    said = str(perf)
    assert "malformed lines: 0" in said
    assert "as in Linux 4.4 and later" in said


def test_samples_stay_few_and_even():
    figures = traces.replay("kmem", PERF, frames=FRAMES, every=8)
    places = [sample["event"] for sample in figures.samples]
    assert len(places) <= SAMPLES + 1
    assert len(set(np.diff(places[:-1]))) == 1
    assert places[-1] == 5949
