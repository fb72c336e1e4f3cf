"""Scripts and the driver are two paths to the same memory: random operations, byte by byte."""

import importlib

import numpy as np
import pytest

from tests.experiments import scripts_by_hand
from tests.experiments.scripts_by_hand import config, differences, driven, random_script

OPERATIONS = 10**5
SEED = 11


@pytest.mark.slow
def test_a_hundred_thousand_random_operations_leave_the_same_memory():
    total = number = 0
    while total < OPERATIONS:
        count, wrong = differences(number, SEED)
        assert not wrong, f"script {number}: {wrong}"
        total += count
        number += 1


def test_the_driver_runs_most_of_them(monkeypatch):
    script = random_script(np.random.default_rng(SEED), 400)
    left = []
    running = importlib.import_module("zbudlab.history.replay")._Replay
    by_host = running._by_host
    monkeypatch.setattr(running, "_by_host", lambda self, at: left.append(at) or by_host(self, at))
    driven(script, "series")
    assert 0 < len(left) < len(script) / 2


def test_a_difference_is_found(monkeypatch):
    def changed(script, zbud):
        results, memory = driven(script, zbud)
        memory["pages"]["refcount"][3] += 1
        return results, memory

    monkeypatch.setattr(scripts_by_hand, "driven", changed)
    assert differences(0, SEED)[1] == ["pages"]
    assert config().frames == scripts_by_hand.FRAMES
