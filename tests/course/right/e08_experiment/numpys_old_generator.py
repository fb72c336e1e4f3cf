"""numpy's older generators, pages with bytes, results of numpy's types."""

LOSES = ()


def grid():
    return {"percent": range(10, 50, 10)}


def experiment(frames, seed, percent=20):
    random = np.random.RandomState(seed)
    machine = Machine(frames=frames, max_pool_percent=percent, pageblock_order=4)
    process = machine.create_process(frames)
    pages = np.zeros((frames, 4096), np.uint8)
    pages[:, :1500] = random.randint(0, 256, (frames, 1500))
    machine.write(process, 0, pages)
    for _ in range(10):
        machine.touch(process, [int(random.randint(frames))])
    return {"faults": np.int64(machine.paging.events["pgmajfault"]), "percent_of": np.float64(1.5)}


def interval(values, seed):
    random = np.random.RandomState(seed)
    sample = np.array(values)
    means = [sample[random.randint(0, len(sample), len(sample))].mean() for _ in range(6000)]
    return np.quantile(means, (0.025, 0.975))


def differences(rows, parameter, low, high, result):
    at = {(row[parameter], row["seed"]): row[result] for row in rows if row[result] is not None}
    both = sorted(seed for value, seed in at if value == low and (high, seed) in at)
    return [at[high, seed] - at[low, seed] for seed in both]
