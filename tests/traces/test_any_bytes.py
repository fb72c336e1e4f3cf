"""Files with any bytes: each ends in figures or in one sentence, and the process ends well."""

import gzip
import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.traces.samples import DATA
from zbudlab import host, traces
from zbudlab.host.zones import HostError
from zbudlab.io.streams import TraceError
from zbudlab.machine.errors import ConfigError
from zbudlab.traces.detect import detect

HERE = Path(__file__).parent
REPORTS = HERE.parent / "data" / "reports" / "reports.json"
SAMPLES = {
    "kmem": gzip.decompress((DATA / "kmem.perf.txt.gz").read_bytes())[:20000],
    "lackey": gzip.decompress((DATA / "lackey.txt.gz").read_bytes())[:20000],
    "addresses": b"0041f7a0 R\n13f5e2c0 W\n" * 200,
    "blocks": (DATA / "blocks.parquet").read_bytes(),
    "pages": (DATA / "pages.csv").read_bytes()[:20000],
}
LOGS = ["\n".join(report["text"]).encode() for report in json.loads(REPORTS.read_text())]


def mutated(content, rng):
    """Change some bytes, cut out a piece, or repeat one."""
    changed = np.frombuffer(content, np.uint8).copy()
    for _ in range(int(rng.integers(1, 20))):
        changed[rng.integers(len(changed))] = rng.choice([*b'\n\r",:=-@ 09', *rng.bytes(3)])
    start, end = sorted(rng.integers(0, len(changed), 2).tolist())
    how = rng.integers(4)
    pieces = changed[:start], changed[start:end], changed[end:]
    kept = (pieces[0], pieces[2]) if how == 0 else pieces if how < 3 else (*pieces, pieces[1])
    return np.concatenate(kept).tobytes()


def sentence_of(run, *errors):
    """Run something, and return the message of an allowed error, "" if there is none."""
    try:
        str(run())
    except errors as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", SAMPLES)
def test_mutated_traces_end_in_figures_or_a_sentence(tmp_path, kind):
    rng = np.random.default_rng(len(kind))
    for number in range(30):
        path = tmp_path / f"trace{number}"
        path.write_bytes(mutated(SAMPLES[kind], rng))
        replay = partial(traces.replay, kind, path, frames=4096)
        for run in (replay, partial(detect, path)):
            assert "\n" not in sentence_of(run, TraceError, ConfigError)


def test_mutated_logs_end_in_an_answer_or_a_sentence(tmp_path):
    rng = np.random.default_rng(5)
    for number in range(200):
        text = mutated(LOGS[number % len(LOGS)], rng).decode("utf-8", "replace")
        for run in (partial(host.why, text, layouts=0), partial(host.from_text, text)):
            assert "\n" not in sentence_of(run, HostError, ValueError)


@pytest.mark.slow
def test_a_process_that_read_random_bytes_ends_well_under_load(tmp_path):
    path = tmp_path / "random"
    path.write_bytes(np.random.default_rng(1).bytes(200_000))
    for kind in ("blocks", "pages"):
        command = [sys.executable, HERE / "ends_under_load.py", kind, path, "20", "4"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "{2: 20}"
