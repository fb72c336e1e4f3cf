"""Run a saved log again on a machine of the same configuration.

Each operation must answer as it did when it was logged. Nothing is compressed again, since the log
has the compressed form of every page. A log saved without page content runs on a machine without
page bytes.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from zbudlab.content.compressors import Recorded
from zbudlab.io.arguments import checked
from zbudlab.layout import PAGE_SIZE
from zbudlab.machine import Machine
from zbudlab.machine.config import MachineConfig
from zbudlab.machine.errors import MachineError
from zbudlab.machine.operations import OPERATIONS
from zbudlab.machine.oplog import Entry, LogError, OperationLog


@checked()
def rebuilt(log: OperationLog, config: MachineConfig, *, content: bool) -> Machine:
    """Return the machine that a log starts from, just booted.

    content: whether the log has page content; without it the machine has no page bytes.
    """
    config = replace(config, log=True, keyframes=False)
    if content:
        recorded = Recorded(config.compressor, log.compressed)
        machine = Machine(config, compressor=recorded)
    else:
        machine = Machine(replace(config, page_bytes=False))
    assert machine.log is not None
    machine.log.numbers = dict(log.numbers)
    machine.log.contents = list(log.contents)
    return machine


def without_bytes(entry: Entry, lengths: list[int]) -> Entry:
    """Return the operation in the form for a machine without page bytes.

    A `write` of pages becomes a write of compressed lengths, a `read` becomes a `touch`. lengths:
    compressed lengths in bytes, by the log's page numbers.
    """
    if entry.name == "write":
        arguments = entry.arguments[:2] + [lengths[number] for number in entry.arguments[2:]]
        return entry._replace(name="write_lengths", arguments=arguments)
    if entry.name == "read":
        process, first, count = entry.arguments
        pages = list(range(first, first + count))
        return entry._replace(name="touch", arguments=[process, 0, *pages])
    return entry


def answer(machine: Machine, entry: Entry) -> int:
    """Run an operation. Return its answer, or a negative errno if the machine refuses it."""
    try:
        return machine.operate(entry.name, *entry.arguments)
    except MachineError as error:
        return -(error.errno or 0)


def answer_from(machine: Machine, log: OperationLog, entry: Entry) -> int:
    """Run `answer` on a machine without a log; `write` takes its pages from this log."""
    if entry.name != "write":
        return answer(machine, entry)
    process, first, *numbers = entry.arguments
    known = log.contents
    if unknown := [number for number in numbers if not 0 <= number < len(known)]:
        raise LogError(f"the log has no page content {unknown[0]}, which a write names")
    content = b"".join(known[number] or b"" for number in numbers)
    pages = np.frombuffer(content, np.uint8).reshape(-1, PAGE_SIZE)
    try:
        machine.write(process, first, pages)
    except MachineError as error:
        return -(error.errno or 0)
    return len(pages)


@checked()
def rerun(path: str | Path) -> Iterator[tuple[int, Entry, int, Machine]]:
    """Run a saved log, and yield each operation's number from 1, entry, new answer and machine.

    LogError if the file is not a log, or has an unknown operation.
    """
    log, header = OperationLog.load(path)
    config = MachineConfig.from_dict(header["config"])
    content = header["content"]
    machine = rebuilt(log, config, content=content)
    lengths = log.page_lengths()
    for place, entry in enumerate(log.operations(), 1):
        if entry.name not in OPERATIONS:
            raise LogError(f"{path}: operation {place} has the unknown name {entry.name!r}")
        if not content:
            entry = without_bytes(entry, lengths)
        yield place, entry, answer(machine, entry), machine


@checked()
def rerun_to_end(path: str | Path) -> Machine:
    """Return the machine at the end of a saved log.

    LogError if the answer of an operation differs from the logged one, or if there are none.
    """
    machine = None
    for place, entry, found, current in rerun(path):
        machine = current
        if found != entry.result:
            raise LogError(
                f"{path}: operation {place}, {entry.name} {entry.arguments}: answered "
                f"{entry.result} when it was logged, {found} now"
            )
    if machine is None:
        raise LogError(f"{path}: this log has no operations")
    return machine
