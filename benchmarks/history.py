"""Measure how fast a long log opens in `History`, how fast it jumps, and its memory.

python -m benchmarks.history                   10^6 operations, two machines: some five minutes
python -m benchmarks.history --operations N    shorter logs

Each log is made in one process and opened in another; memory is the peak of the latter.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from zbudlab.content import corpus
from zbudlab.history import History
from zbudlab.machine import Machine
from zbudlab.machine.errors import MachineError

MACHINES = {"4,096 frames with bytes": (4096, True), "2^18 frames, no bytes": (1 << 18, False)}
PROCESSES = 8
PAGES = 2000  #: distinct pages that are written
JUMPS = 150
KINDS = ("touch", "write", "alloc", "free", "reclaim", "block", "exit")
SHARES = (0.55, 0.2, 0.08, 0.08, 0.04, 0.0499, 0.0001)
COLUMNS = {
    "operations": "{:.0f}",
    "entries": "{:.0f}",
    "file": "{:.0f} MiB",
    "opens": "{:.3f} s",
    "jump": "{:.3f} s",
    "95 % in": "{:.3f} s",
    "longest": "{:.3f} s",
    "memory": "{:.0f} MiB",
}
GOALS = ("at most", "", "", "", "2 s", "", "0.2 s", "", "1024 MiB")


class Work:
    """Small random operations on a machine that has too little memory for its processes."""

    def __init__(self, machine: Machine, seed: int = 1) -> None:
        self.machine = machine
        self.rng = np.random.default_rng(seed)
        self.size = machine.config.frames * 3 // (2 * PROCESSES)
        self.pages = corpus.pages("mixed", PAGES) if machine.config.page_bytes else None
        self.processes = [machine.create_process(self.size) for _ in range(PROCESSES)]
        self.handles: list[int] = []

    def do(self, operations: int) -> None:
        """Do that many operations; those that are refused are in the log, too."""
        kinds = self.rng.choice(KINDS, size=operations, p=SHARES)
        drawn = self.rng.integers(1 << 30, size=(operations, 2))
        for kind, (one, other) in zip(kinds.tolist(), drawn.tolist(), strict=True):
            try:
                self._do(kind, one, other)
            except MachineError:
                continue

    def _do(self, kind: str, one: int, other: int) -> None:
        machine, which, page = self.machine, one % PROCESSES, other % self.size
        if kind == "touch":
            machine.touch(self.processes[which], [page], write=bool(one & 64))
        elif kind == "write":
            new = [200 + one % 3000] if self.pages is None else self.pages[other % PAGES]
            machine.write(self.processes[which], page, new)
        elif kind == "alloc":
            self.handles.append(machine.zbud_alloc(one % 3000 + 1))
        elif kind == "free" and self.handles:
            machine.zbud_free(self.handles.pop(other % len(self.handles)))
        elif kind == "reclaim":
            machine.reclaim(1)
        elif kind == "block":
            machine.free_pages(machine.alloc_pages(one % 3, "movable"))
        elif kind == "exit":
            machine.exit(self.processes[which])
            self.processes[which] = machine.create_process(self.size)
            machine.compact()


def make(name: str, operations: int, path: Path) -> None:
    """Make a log of that many operations, and save it with keyframes."""
    frames, page_bytes = MACHINES[name]
    machine = Machine(
        frames=frames, page_bytes=page_bytes, max_pool_percent=30, threads=1, keyframes=True
    )
    Work(machine).do(operations)
    machine.save_log(path)


def opened(path: Path) -> dict[str, float]:
    """Open a log and jump to and fro; return seconds, and this process's peak memory, MiB."""
    Work(Machine(frames=512)).do(300)  # loads all compiled code
    began = time.perf_counter()
    history = History(path)
    stops = len(history)
    found = {"opens": time.perf_counter() - began, "operations": stops, "entries": len(history.log)}
    times = []
    for stop in np.random.default_rng(2).integers(stops + 1, size=JUMPS).tolist():
        began = time.perf_counter()
        history.machine_at(stop)
        times.append(time.perf_counter() - began)
    found["jump"], found["95 % in"], found["longest"] = np.percentile(times, [50, 95, 100])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found | {"file": path.stat().st_size / (1 << 20), "memory": memory}


def in_words(name: str, found: dict[str, float]) -> list[str]:
    """Return a line of the table."""
    return [name, *(form.format(found[head]) for head, form in COLUMNS.items())]


def main() -> None:
    """Make and open the logs in fresh processes, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history", description=__doc__)
    parser.add_argument("--operations", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--make", nargs=2, metavar=("MACHINE", "FILE"), help=argparse.SUPPRESS)
    parser.add_argument("--open", metavar="FILE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        return make(options.make[0], options.operations, Path(options.make[1]))
    if options.open:
        return print(json.dumps(opened(Path(options.open))))
    before, again = psutil.getloadavg()[0], [sys.executable, "-m", "benchmarks.history"]
    rows = [["machine", *COLUMNS]]
    for name in MACHINES:
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/log.npz"
            count = ["--operations", str(options.operations)]
            subprocess.run([*again, *count, "--make", name, path], check=True)
            done = subprocess.run([*again, "--open", path], check=True, stdout=subprocess.PIPE)
            rows.append(in_words(name, json.loads(done.stdout)))
    for row in [*rows, GOALS]:
        print(f"{row[0]:<24}", *(f"{cell:>10}" for cell in row[1:]))
    print(f"{psutil.cpu_count()} processors; load before the start: {before:.1f}")


if __name__ == "__main__":
    main()
