"""No processes: zbud's objects alone, some of them freed; seeds as a list."""

LOSES = ()


def grid():
    return {"size": (1000, 1900, 2600), "freed": 0.5}


def seeds():
    return list(range(100, 130))


def experiment(frames, seed, size=1000, freed=0.5):
    random = np.random.Generator(np.random.PCG64(seed))
    machine = Machine(frames=frames, pageblock_order=4, zswap=False, page_bytes=False)
    handles = []
    try:
        while len(handles) < frames:
            handles.append(machine.zbud_alloc(size))
    except MachineError:
        pass
    for handle in random.choice(handles, int(freed * len(handles)), replace=False):
        machine.zbud_free(int(handle))
    before = available_blocks(machine, 4)
    machine.compact()
    return {
        "stored": len(handles),
        "gained": available_blocks(machine, 4) - before,
        "moved": machine.paging.events["pgmigrate_success"],
    }


def conclude(low, high, matters):
    if max(-low, high) < matters:
        return "alike"
    return {(True, False): "more", (False, True): "less"}.get((low > 0, high < 0), "open")
