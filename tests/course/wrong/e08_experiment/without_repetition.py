"""Values are drawn without repetition: every mean is the same."""

LOSES = ("interval",)


def interval(values, seed):
    random = np.random.default_rng(seed)
    means = [random.permutation(values).mean() for _ in range(2000)]
    return tuple(float(end) for end in np.percentile(means, [2.5, 97.5]))
