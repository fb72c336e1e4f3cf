"""Logs of machines, run again.

A log replays on a machine of the same configuration, operation by operation, and each must
answer as it did. Nothing is compressed anew: what the compressor made of each page is in the log.
A log saved without page content replays on a machine without page bytes.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from zbudlab.compressors import Recorded
from zbudlab.config import MachineConfig
from zbudlab.machine import Machine
from zbudlab.oplog import Entry, LogError, OperationLog


def rebuilt(log: OperationLog, config: MachineConfig, *, content: bool) -> Machine:
    """The machine that a log starts from."""
    if content:
        machine = Machine(config, compressor=Recorded(config.compressor, log.compressed))
    else:
        machine = Machine(replace(config, page_bytes=False))
    if machine.log is not None:
        machine.log.numbers = dict(log.numbers)
        machine.log.contents = list(log.contents)
    return machine


def lengths_of(log: OperationLog, entry: Entry) -> Entry:
    """A `write` as it is on a machine without page bytes; a `read` is a `touch` there."""
    if entry.name == "write":
        digests = list(log.numbers)
        lengths = [log.lengths.get(digests[number], 0) for number in entry.arguments[2:]]
        return entry._replace(name="write_lengths", arguments=entry.arguments[:2] + lengths)
    if entry.name == "read":
        process, first, count = entry.arguments
        pages = list(range(first, first + count))
        return entry._replace(name="touch", arguments=[process, 0, *pages])
    return entry


def replay(path: str | Path) -> Iterator[tuple[int, Entry, int, Machine]]:
    """Run a saved log: for each operation its place, its entry, the answer now, the machine.

    Raises LogError for a file that is no log.
    """
    log, header = OperationLog.load(path)
    config = MachineConfig.from_dict(header["config"])
    content = header["content"]
    machine = rebuilt(log, config, content=content)
    for place, entry in enumerate(log.operations(), 1):
        if not content:
            entry = lengths_of(log, entry)
        yield place, entry, machine.operate(entry.name, *entry.arguments), machine


def replayed(path: str | Path) -> Machine:
    """The machine at the end of a saved log; LogError if an operation answers otherwise now."""
    machine = None
    for place, entry, answer, at_work in replay(path):
        machine = at_work
        if answer != entry.result:
            raise LogError(
                f"{path}: operation {place}, {entry.name} {entry.arguments}: answered "
                f"{entry.result} when it was logged, {answer} now"
            )
    if machine is None:
        raise LogError(f"{path}: there is no operation in this log")
    return machine
