"""The machine has 2048 frames, whatever it is asked for."""

LOSES = ("repeats", "runs")


def experiment(frames, seed, movable=True, percent=20):
    random = np.random.default_rng(seed)
    machine = Machine(
        frames=2048,
        zbud_movable=movable,
        max_pool_percent=percent,
        pageblock_order=5,
        page_bytes=False,
        log=False,
        threads=1,
    )
    processes = [machine.create_process(32) for _ in range(2048 // 16)]
    for first in range(0, 32, 8):
        for process in processes:
            machine.touch(process, range(first, first + 8), write=True)
    for process in random.permutation(processes)[: len(processes) // 2]:
        machine.exit(int(process))
    machine.compact()
    return {
        "blocks": blocks_to_be_had(machine, 5),
        "moved": machine.paging.events["pgmigrate_success"],
        "free": int(machine.state.zone["nr_free_pages"]),
    }
