"""Logs of machines, run again.

A log replays on a machine of the same configuration, operation by operation, and each must
answer as it did. Nothing is compressed anew: what the compressor made of each page is in the log.
A log saved without page content replays on a machine without page bytes.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from zbudlab.compressors import Recorded
from zbudlab.config import MachineConfig, MachineError
from zbudlab.machine import Machine
from zbudlab.operations import OPERATIONS
from zbudlab.oplog import Entry, LogError, OperationLog


def rebuilt(log: OperationLog, config: MachineConfig, *, content: bool) -> Machine:
    """The machine that a log starts from."""
    if content:
        recorded = Recorded(config.compressor, log.compressed)
        machine = Machine(replace(config, log=True), compressor=recorded)
    else:
        machine = Machine(replace(config, page_bytes=False, log=True))
    assert machine.log is not None
    machine.log.numbers = dict(log.numbers)
    machine.log.contents = list(log.contents)
    return machine


def without_bytes(entry: Entry, lengths: list[int]) -> Entry:
    """An operation for a machine without page bytes: a `write` of lengths, a `read` that touches.

    lengths: compressed, of the log's pages by their numbers.
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
    """What an operation answers; a negative errno where the machine refuses it."""
    try:
        return machine.operate(entry.name, *entry.arguments)
    except MachineError as error:
        return -(error.errno or 0)


def replay(path: str | Path) -> Iterator[tuple[int, Entry, int, Machine]]:
    """Run a saved log: for each operation its place, its entry, the answer now, the machine.

    Raises LogError for a file that is no log.
    """
    log, header = OperationLog.load(path)
    config = MachineConfig.from_dict(header["config"])
    content = header["content"]
    machine = rebuilt(log, config, content=content)
    lengths = [log.lengths.get(digest, 0) for digest in log.numbers]
    for place, entry in enumerate(log.operations(), 1):
        if entry.name not in OPERATIONS:
            raise LogError(f"{path}: operation {place}, {entry.name!r}, is none that there is")
        if not content:
            entry = without_bytes(entry, lengths)
        yield place, entry, answer(machine, entry), machine


def replayed(path: str | Path) -> Machine:
    """The machine at the end of a saved log; LogError if an operation answers otherwise now."""
    machine = None
    for place, entry, found, at_work in replay(path):
        machine = at_work
        if found != entry.result:
            raise LogError(
                f"{path}: operation {place}, {entry.name} {entry.arguments}: answered "
                f"{entry.result} when it was logged, {found} now"
            )
    if machine is None:
        raise LogError(f"{path}: there is no operation in this log")
    return machine
