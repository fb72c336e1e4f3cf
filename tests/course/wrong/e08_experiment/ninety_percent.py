"""5 % are cut off at each end: a 90 % interval."""

LOSES = ("interval",)


def interval(values, seed):
    random = np.random.default_rng(seed)
    drawn = random.choice(values, (8000, len(values)))
    low, high = np.percentile(drawn.mean(axis=1), [5, 95])
    return float(low), float(high)
