"""Experiments for the tests of sweeps: in a module, so that fresh processes find them."""

import os
import signal
import time
from pathlib import Path

import numpy as np

from zbudlab.machine import Machine


def product(a, b, *, seed):
    """Fails where a is 3 and the seed 1."""
    if a == 3 and seed == 1:
        raise ValueError("no threes")
    return {"x": a * b + seed, "third": a / 3, "until": list(range(a))}


def small_machine(frames, share, *, seed):
    """Free pages of a small machine after some were used."""
    machine = Machine(frames=frames, page_bytes=False, log=False, threads=1, seed=seed)
    lengths = np.random.default_rng(seed).integers(100, 3500, round(frames * share))
    process = machine.create_process(len(lengths))
    machine.write(process, 0, lengths)
    moved = machine.compact()
    counters = machine.swap.counters()
    return {"free": int(machine.state.zone["nr_free_pages"]), "answer": moved, **counters}


def noted(folder, number, *, seed, pause=0.02):
    """Leaves a line in a file of its own each time it is run to its end."""
    time.sleep(pause)
    with open(Path(folder, f"{number}-{seed}"), "a") as file:
        file.write("run\n")
    return {"double": 2 * number}


def deadly(folder, number, *, seed):
    """Kills its own process: number 3 always, number 5 the first time."""
    met = Path(folder, "met")
    if number == 3 or (number == 5 and not met.exists()):
        met.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return noted(folder, number, seed=seed)


def sized(folder, number, *, seed):
    """Results of few bytes, but of many for number 4; a chunk each, as a point takes so long."""
    noted(folder, number, seed=seed, pause=0.6)
    return {"text": "x" * (1_000_000 if number == 4 else 1)}
