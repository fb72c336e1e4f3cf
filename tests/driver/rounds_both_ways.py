"""Random rounds played by the driver and step by step; what a machine remembers of them."""

from unittest import mock

from tests import rounds
from zbudlab.machine import Machine

SEED = 60


class Stepwise(Machine):
    """A machine that goes step by step, as one with a log does."""

    def __init__(self, *arguments, **settings):
        super().__init__(*arguments, **settings)
        self.swap.stepwise = True


def played(number, kind, seed=SEED):
    """Play a round on machines of a class; the pair of machine and twin."""
    with mock.patch.object(rounds, "Machine", kind):
        config, rows = rounds.setup(seed, number), rounds.script(seed, number)
        return rounds.play(config, rows, every=10**9)[0]


def left(machine):
    """All that a machine remembers, as plain values."""
    used = len(machine.state.ptes)
    notes = machine.paging.notes
    notes.reach(used - 1)
    return {
        "digest": machine.digest(),
        "events": {name: n for name, n in machine.paging.events.items() if n},
        "counters": machine.swap.counters(),
        "failures": machine.paging.failures,
        "arrivals": notes.arrivals[:used].tolist(),
        "refusals": notes.refusals[:used].tolist(),
    }
