"""All 5 % are cut off at the lower end."""

LOSES = ("interval",)


def interval(values, seed):
    random = np.random.default_rng(seed)
    drawn = random.choice(values, (8000, len(values)))
    low, high = np.percentile(drawn.mean(axis=1), [5, 100])
    return float(low), float(high)
