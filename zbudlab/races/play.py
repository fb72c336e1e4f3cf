"""A schedule as operations of a machine, so that the player and a file can hold it.

Importing this module teaches machines three operations: `race_content` writes the content that a
user expects, `race_actors` sets the actors, and `race_step` runs the next step of one of them.
Their logs are replayed like any other.
"""

import numpy as np

from zbudlab import layout
from zbudlab.history.sentences import FUNCTIONS, Transition, explains
from zbudlab.machine import Machine, checks
from zbudlab.machine.core import LAB_POOL, Core
from zbudlab.machine.errors import invalid
from zbudlab.machine.operations import operation
from zbudlab.machine.oplog import LogError
from zbudlab.mm import zbud_zpool
from zbudlab.races import actors as kernels
from zbudlab.races import oracles
from zbudlab.races.checks import fault_of_start
from zbudlab.races.image import device_of
from zbudlab.races.names import FAULTS, STEPS

WORDS = layout.actor.itemsize // 8  #: numbers that describe an actor


@operation
def race_content(machine: Core, handle: int, word: int) -> int:
    """Write the first eight bytes of an object. Return 0."""
    mem = machine.state.mem
    address = zbud_zpool.zbud_object_address(mem, LAB_POOL, handle)
    zbud_zpool.zbud_write_word(mem, LAB_POOL, address, word)
    return 0


@operation
def race_actors(machine: Core, *words: int) -> int:
    """Set the actors: the numbers of layout.actor, one after another. Return how many."""
    machine.state.race_actors = np.array(words, np.int64).view(layout.actor)
    machine.state.race_slots = device_of(machine, len(machine.state.swap_slots))
    kernels.prepare(machine.state.race_actors)
    return len(machine.state.race_actors)


@operation
def race_step(machine: Core, who: int, kind: int, step: int) -> int:
    """Run the next step of an actor. Return 0, or the fault that it causes (layout.FAULT_*).

    kind, step: what it is, for readers of the log. After a fault the machine can be inspected, but
    it refuses every operation: its lists and counts may contradict each other.
    """
    state = machine.state
    state.reserve_objects(1)
    answer = kernels.perform(state.mem, state.race_actors, state.race_slots, who)
    answer = int(answer or oracles.state_fault(state.mem, state.race_actors))
    state.race_fault = max(answer, 0)
    return answer


# --- checks ------------------------------------------------------------------------------------


def _content(machine: Core, handle: int, word: int) -> None:
    if zbud_zpool.zbud_object_address(machine.state.mem, LAB_POOL, handle) < 0:
        raise invalid(f"race_content: there is no handle {handle}")


def _actors(machine: Core, *words: int) -> None:
    if len(words) % WORDS:
        raise invalid(f"race_actors takes {WORDS} numbers for each actor, not {len(words)}")
    if fault := fault_of_start(machine, np.array(words, np.int64).view(layout.actor)):
        raise invalid(f"race_actors: {fault}")


def _step(machine: Core, who: int, kind: int, step: int) -> None:
    table = machine.state.race_actors
    if not 0 <= who < len(table) or table[who]["pc"] < 0:
        raise invalid(f"race_step: actor {who} has no step left")


for _name, _check in (("race_content", _content), ("race_actors", _actors), ("race_step", _step)):
    _check.__name__ = _name
    checks.check(_check)


checks.RACE_FAULTS.update({fault: name for fault, (name, _) in FAULTS.items()})


# --- what the player says ----------------------------------------------------------------------

FUNCTIONS["race_step"] = "actors.perform"
FUNCTIONS["race_actors"] = "actors.perform"
FUNCTIONS["race_content"] = "zbud_zpool.zbud_write_word"


@explains("race_content")
def _say_content(step: Transition) -> str:
    return f"Object {step.arguments[0]} was written."


@explains("race_actors")
def _say_actors(step: Transition) -> str:
    return f"{step.result} processors start their work."


@explains("race_step")
def _say_step(step: Transition) -> str:
    who, kind, pc = step.arguments
    said = f"Processor {who} runs {STEPS[kind][pc]}."
    if step.result in FAULTS:
        name, why = FAULTS[step.result]
        return f"{said} This breaks the machine ({name}): {why}."
    return said


def played(machine: Core, table: np.ndarray, path: tuple[int, ...]) -> Machine:
    """Return a new machine that did what `machine` did, and then a schedule.

    table: layout.actor (n,), the actors at the start. path: who runs, step by step. Raises LogError
    for a machine without a log.
    """
    if machine.log is None:
        raise LogError("this machine has no log: create it with log=True")
    again = Machine(machine.config)
    for entry in machine.log.operations():
        again.operate(entry.name, *entry.arguments)
    again.operate("race_actors", *table.view(np.int64).tolist())
    for who in path:
        actor = again.state.race_actors[who]
        again.operate("race_step", who, int(actor["kind"]), int(actor["pc"]))
    return again
