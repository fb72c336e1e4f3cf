"""`python -m zbudlab.warmup`: compile the engine, so that nothing waits for it later.

Compiled code is kept on disk until the engine's sources change; running this again only loads it.
Two processes share the work.
"""

import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
from tqdm import tqdm

from zbudlab import jit
from zbudlab.machine.errors import MachineError

POLL_SECONDS = 0.2
NOT_KEPT = (
    "neither the package's folder nor ~/.cache is writable, so every process compiles the "
    "engine again: set NUMBA_CACHE_DIR to a folder that is writable"
)


def _swapping() -> None:
    """Run faults, reclaim, zswap with writeback, reading back, and the end of a process."""
    from zbudlab.machine import Machine
    from zbudlab.profiles import PROFILES

    machine = Machine(frames=256, page_bytes=False, log=False, max_pool_percent=5)
    machine.write(machine.create_process(400), 0, np.full(400, 2500))
    noise = np.random.Generator(np.random.PCG64(1)).integers(0, 256, (400, 4096), np.uint8)
    noise[:, 2500:] = 0
    for profile, rules in PROFILES.items():
        if rules.own_lru:
            continue  # compiled for the first machine that has it
        machine = Machine(frames=256, profile=profile, max_pool_percent=5, threads=1)
        process = machine.create_process(len(noise))
        machine.write(process, 0, noise)
        machine.read(process, 0, len(noise))
        machine.exit(process)


def _checking_and_moving() -> None:
    """Run all checks, compaction, CMA, and zbud directly.

    Stores come first: the other part needs them late, and finds them on disk. Then come the checks,
    which share nothing with it.
    """
    from zbudlab.machine import Machine
    from zbudlab.mm import inspection

    machine = Machine(frames=256, page_bytes=False, max_pool_percent=5)
    machine.write(machine.create_process(400), 0, np.full(400, 2500))
    machine.check()
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
        machine.cma_release(machine.cma_alloc(64, align=6), 64)
        machine.free_pages(machine.alloc_pages(3))
    except MachineError:
        pass  # it is compiled, whether or not there was room
    machine.check()
    inspection.frame_cells(machine.state)


#: What to run so that everything is compiled; the parts take about equally long.
PARTS: tuple[Callable[[], None], ...] = (_swapping, _checking_and_moving)


def compiled_on_disk() -> list[str]:
    """Return the functions whose compiled form is on disk, as `module.function`, newest last."""
    assert jit.CACHE_DIRECTORY is not None
    kept = sorted(jit.CACHE_DIRECTORY.rglob("*.nbc"), key=lambda path: path.stat().st_mtime_ns)
    return list(dict.fromkeys(path.name.partition("-")[0] for path in kept))


def warm_up() -> None:
    """Run all parts, each in a separate process, under a progress bar."""
    if jit.warm_marker().exists():
        return
    workers = [
        subprocess.Popen([sys.executable, "-m", "zbudlab.warmup", str(part)])
        for part in range(len(PARTS))
    ]
    total = len(jit.KERNELS)
    with tqdm(
        total=total,
        desc="compiling the engine",
        unit="function",
        delay=1,
        leave=False,
        disable=None,
    ) as bar:
        while any(worker.poll() is None for worker in workers):
            done = compiled_on_disk()
            bar.set_postfix_str(done[-1] if done else "", refresh=False)
            bar.update(min(len(done), total) - bar.n)
            time.sleep(POLL_SECONDS)
    if any(worker.returncode for worker in workers):
        raise SystemExit("warm-up failed: see above")
    jit.warm_marker().touch()


def main() -> None:
    """Warm up, and say how long it took."""
    if len(sys.argv) > 1:
        PARTS[int(sys.argv[1])]()
        return
    import zbudlab.machine  # noqa: F401  # registers all kernels

    if not jit.cache_is_kept():
        print(f"warm-up: {NOT_KEPT}")
        return
    started = time.perf_counter()
    warm_up()
    seconds = time.perf_counter() - started
    print(f"warm-up: ready after {seconds:.1f} s; compiled code is in {jit.CACHE_DIRECTORY}")


if __name__ == "__main__":
    main()
