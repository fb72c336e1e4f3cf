"""`python -m zbudlab.warmup`: compile what a first run needs, so that nothing waits for it later.

What is compiled is kept on disk, so doing it again only loads it.
"""

import time
from collections.abc import Callable


def warm_up(progress: Callable[[str], None]) -> None:
    """Call the engine once on a tiny machine; `progress` gets a line of text for each part."""
    from zbudlab.machine import Machine, MachineConfig

    progress("a machine of 1024 frames")
    machine = Machine(MachineConfig(frames=1024))
    progress("its checks")
    machine.check()


def main() -> None:
    """Warm up and say how long it took."""
    started = time.perf_counter()
    warm_up(lambda part: print(f"warm-up: {part}", flush=True))
    print(f"warm-up: ready after {time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()
