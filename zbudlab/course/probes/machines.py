"""Probe for functions in a whole machine: a script of operations, observed after each.

The operations are those of the log (`zbudlab.machine.operations`), with whole numbers, and `fill`,
which writes pages made by the probe: process, first page, how many, seed, and perhaps to how many
lengths they compress.
"""

import zlib
from typing import Any

import numpy as np

from zbudlab.conformance.pool import PoolView
from zbudlab.conformance.zspages import ZspagesView
from zbudlab.course.probes import Bench, TooSlow, plain, trouble
from zbudlab.layout import PAGE_SIZE
from zbudlab.machine import Machine, MachineError
from zbudlab.machine.core import LAB_POOL
from zbudlab.mm import inspection

SHORTEST = 480  #: bytes of a page that are filled, if pages compress to few lengths


def fill(
    machine: Machine, process: int, first: int, count: int, seed: int, lengths: int = 0
) -> int:
    """Write pages that compress to that many lengths; 0 = all different. Return 0."""
    random = np.random.Generator(np.random.PCG64(seed))
    pages = np.zeros((count, PAGE_SIZE), np.uint8)
    for at, page in enumerate(pages):
        filled = int(random.integers(1, PAGE_SIZE * 9 // 10))
        if lengths:
            filled = (at % lengths + 1) * SHORTEST
        page[:filled] = random.integers(0, 256, filled, np.uint8)
    machine.write(process, first, pages)
    return 0


def contents(machine: Machine) -> list[list[Any]]:
    """Return a CRC-32 of each page of each process, wherever it is; "lost" for a damaged one."""
    return [
        [_content(machine, number, page) for page in range(int(process["nr_pages"]))]
        for number, process in enumerate(machine.state.processes)
    ]


def _content(machine: Machine, process: int, page: int) -> Any:
    try:
        return zlib.crc32(machine.peek(process, page))
    except Exception:
        return "lost"


def zone(machine: Machine) -> dict[str, Any]:
    """Return the zone's free pages, in total and by order."""
    found = machine.state.zone
    return {"free pages": int(found["nr_free_pages"]), "by order": found["nr_free"].tolist()}


#: What a case may ask to see after each operation.
SIGHTS = {
    "zswap pool": lambda machine: PoolView(machine.state, 0).snapshot(),
    "pool": lambda machine: PoolView(machine.state, LAB_POOL).snapshot(),
    "zsmalloc pool": lambda machine: ZspagesView(machine.state, 0).snapshot(),
    "zone": zone,
    "contents": contents,
    "fault": lambda machine: inspection.first_fault(machine.state),
}


def _step(machine: Machine, name: str, arguments: list[int]) -> int:
    try:
        if name == "fill":
            return fill(machine, *arguments)
        return machine.operate(name, *arguments)
    except MachineError as error:
        return -(error.errno or 0)


def script(bench: Bench, case: dict[str, Any]) -> Any:
    """Return a machine's answer to each operation, with the functions in place.

    case: config (settings of the machine), script ([[operation, numbers...], ...]), see (names of
    SIGHTS, after each operation), finally (the same, at the end). If the functions raise, the last
    answer is {"op": ..., "error": ...}.
    """
    answers: list[Any] = []
    operation: Any = ["boot"]
    with bench.plainly():
        try:
            machine = bench.machine = Machine(**{"frames": 256, "log": True} | case["config"])
            for operation in case["script"]:
                rc = _step(machine, operation[0], operation[1:])
                seen = {name: plain(SIGHTS[name](machine)) for name in case.get("see", ())}
                answers.append({"op": operation, "rc": int(rc), **seen})
            operation = ["the end"]
            seen = {name: plain(SIGHTS[name](machine)) for name in case.get("finally", ())}
            answers.append({"op": operation, **seen})
        except (Exception, TooSlow) as error:
            answers.append({"op": operation, "error": trouble(error)})
    return answers
