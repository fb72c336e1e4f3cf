"""The resamples are drawn anew each time, whatever the seed."""

LOSES = ("interval",)


def interval(values, seed):
    random = np.random.default_rng()
    drawn = random.choice(values, (8000, len(values)))
    low, high = np.percentile(drawn.mean(axis=1), [2.5, 97.5])
    return float(low), float(high)
