"""One generator is shared by all runs: the second goes on where the first stopped."""

LOSES = ("repeats",)
SHARED = np.random.default_rng(7)


def experiment(frames, seed, movable=True, percent=20):
    random = SHARED
    machine = Machine(
        frames=frames,
        zbud_movable=movable,
        max_pool_percent=percent,
        pageblock_order=5,
        page_bytes=False,
        log=False,
        threads=1,
    )
    processes = [machine.create_process(32) for _ in range(frames // 16)]
    for first in range(0, 32, 8):
        for process in processes:
            machine.touch(process, range(first, first + 8), write=True)
    for process in random.permutation(processes)[: len(processes) // 2]:
        machine.exit(int(process))
    machine.compact()
    return {
        "blocks": available_blocks(machine, 5),
        "moved": machine.paging.events["pgmigrate_success"],
        "free": int(machine.state.zone["nr_free_pages"]),
    }
