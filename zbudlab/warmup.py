"""`python -m zbudlab.warmup`: compile the engine, so that nothing waits for it later.

What is compiled is kept on disk until the engine's sources change; doing it again only loads it.
Two processes share the work.
"""

import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
from tqdm import tqdm

from zbudlab import jit
from zbudlab.config import MachineError

POLL_SECONDS = 0.2


def _swapping() -> None:
    """Faults, reclaim, zswap with writeback, reading back, the end of a process."""
    from zbudlab.machine import Machine

    noise = np.random.Generator(np.random.PCG64(1)).integers(0, 256, (400, 4096), np.uint8)
    noise[:, 2500:] = 0
    for profile in ("3.12-fixed", "6.1"):
        machine = Machine(frames=256, profile=profile, max_pool_percent=5, threads=1)
        process = machine.create_process(len(noise))
        machine.write(process, 0, noise)
        machine.read(process, 0, len(noise))
        machine.exit(process)


def _moving() -> None:
    """Compaction, CMA, zbud by hand, all checks, and a look at each frame."""
    from zbudlab.machine import Machine
    from zbudlab.mm import snapshot

    machine = Machine(frames=2048, cma_pages=1024)
    process = machine.create_process(1500)
    machine.touch(process, range(1500))
    handles = [machine.zbud_alloc(size) for size in (1000, 2000, 3000)]
    machine.zbud_map(handles[0])
    machine.zbud_unmap(handles[0])
    machine.zbud_free(handles[1])
    machine.compact()
    machine.rescan()
    try:
        machine.alloc_contig_range(1024, 2048)
        machine.free_contig_range(1024, 2048)
        machine.free_pages(machine.alloc_pages(3))
    except MachineError:
        pass  # compiled it is, whether there was room or not
    machine.check()
    snapshot.frame_cells(machine.state)


#: What to run so that everything gets compiled; each takes about as long.
PARTS: tuple[Callable[[], None], ...] = (_swapping, _moving)


def compiled_on_disk() -> int:
    """Functions whose compiled form is kept."""
    return sum(1 for _ in jit.CACHE_DIRECTORY.rglob("*.nbi"))


def warm_up() -> None:
    """Run all parts, each in a process of its own, under a progress bar."""
    if jit.warm_marker().exists():
        return
    workers = [
        subprocess.Popen([sys.executable, "-m", "zbudlab.warmup", str(part)])
        for part in range(len(PARTS))
    ]
    total = len(jit.KERNELS)
    with tqdm(
        total=total, desc="compiling", unit="function", delay=1, leave=False, disable=None
    ) as bar:
        while any(worker.poll() is None for worker in workers):
            bar.update(min(compiled_on_disk(), total) - bar.n)
            time.sleep(POLL_SECONDS)
    if any(worker.returncode for worker in workers):
        raise SystemExit("warm-up failed: see above")
    jit.warm_marker().touch()


def main() -> None:
    """Warm up and say how long it took."""
    if len(sys.argv) > 1:
        PARTS[int(sys.argv[1])]()
        return
    import zbudlab.machine  # noqa: F401  # so that all kernels are known

    started = time.perf_counter()
    warm_up()
    print(f"warm-up: ready after {time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()
