"""Run a log to its end in compiled calls, millions of operations in a second.

The driver (`zbudlab.driver.log`) runs the operations that it knows; Python runs the others one by
one. The machine keeps no log, so it cannot be stepped through; `History` is for that.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from zbudlab import layout
from zbudlab.content.compressors import Recorded
from zbudlab.driver.work import Operations
from zbudlab.history.rerun import answer_from, without_bytes
from zbudlab.io.arguments import checked
from zbudlab.machine import Machine
from zbudlab.machine.config import MachineConfig
from zbudlab.machine.operations import OPERATIONS
from zbudlab.machine.oplog import LogError, OperationLog

#: Operations that the driver knows.
CODES = {
    "alloc_pages": layout.RUN_ALLOC_PAGES,
    "free_pages": layout.RUN_FREE_PAGES,
    "zbud_alloc": layout.RUN_ZBUD_ALLOC,
    "zbud_free": layout.RUN_ZBUD_FREE,
    "zbud_map": layout.RUN_ZBUD_MAP,
    "zbud_unmap": layout.RUN_ZBUD_UNMAP,
    "touch": layout.RUN_TOUCH,
    "write_lengths": layout.RUN_WRITE_LENGTHS,
}


def as_arrays(log: OperationLog) -> Operations:
    """Return the operations of a log in the form that the driver takes."""
    names, starts, counts, answers, arguments = log.columns()
    codes = np.array([CODES.get(name, layout.RUN_BY_HOST) for name in log.names], np.int64)
    most = int(counts.max(initial=0))
    return Operations(
        codes=codes[names],
        starts=starts,
        counts=counts,
        answers=answers,
        arguments=arguments,
        places=np.zeros(most, np.int64),
        lengths=np.zeros(most, np.int32),
        content=np.zeros((0, 0), np.uint8),
    )


@checked()
def replay(source: str | Path | OperationLog, config: MachineConfig | None = None) -> Machine:
    """Return the machine at the end of a log. It keeps no log.

    source: a log file, or a log in memory. config: of the machine; needed for a log in memory.
    Raises LogError if the file is not a log, or if an operation is unknown or its answer differs
    from the logged one, and ValueError for a log in memory without the configuration.
    """
    content = True
    if isinstance(source, OperationLog):
        log = source
    else:
        log, header = OperationLog.load(source)
        config, content = MachineConfig.from_dict(header["config"]), header["content"]
    if config is None:
        raise ValueError("a log in memory needs the configuration of its machine: config")
    running = _Replay(log, config, content=content)
    running.run()
    return running.machine


class _Replay:
    """A machine on its way through a log. content: whether the log has the bytes of pages."""

    def __init__(self, log: OperationLog, config: MachineConfig, *, content: bool) -> None:
        self.log = log
        self.lengths = None if content else log.page_lengths()
        bytes_there = config.page_bytes and content
        config = replace(config, log=False, keyframes=False, page_bytes=bytes_there)
        recorded = Recorded(config.compressor, log.compressed) if bytes_there else None
        self.machine = Machine(config, compressor=recorded)
        self.entries = log.places()

    def run(self) -> None:
        """Run the whole log. LogError at the first operation whose answer differs."""
        operations, done, end = as_arrays(self.log), 0, len(self.entries)
        while done < end:
            if self.machine.config.checked:  # after each operation, which the driver does not do
                stop, found = layout.STOP_OPERATION, 0
            else:
                stop, done, found = self.machine.paging.run_log(operations, done, end)
            if stop == layout.STOP_DIFFERS:
                self._compare(done - 1, found)
            elif stop == layout.STOP_OPERATION:
                self._by_host(done)
                done += 1

    def _by_host(self, place: int) -> None:
        """Run one operation in Python."""
        entry = self.log[int(self.entries[place])]
        if entry.name not in OPERATIONS:
            raise LogError(f"operation {place + 1} has the unknown name {entry.name!r}")
        if self.lengths is not None:
            entry = without_bytes(entry, self.lengths)
        self._compare(place, answer_from(self.machine, self.log, entry))

    def _compare(self, place: int, found: int) -> None:
        """Raise LogError if the answer of an operation differs from the logged one."""
        entry = self.log[int(self.entries[place])]
        if found != entry.result:
            raise LogError(
                f"operation {place + 1}, {entry.name} {entry.arguments}: answered {entry.result} "
                f"when it was logged, {found} now"
            )
