"""Loops where the solution has comprehensions; percentiles by sorting."""

LOSES = ()


def differences(rows, parameter, low, high, result):
    pairs = {}
    for row in rows:
        if row[parameter] in (low, high) and not row["error"]:
            pairs.setdefault(row["seed"], {})[row[parameter]] = row[result]
    found = []
    for seed in sorted(pairs):
        if len(pairs[seed]) == 2:
            found.append(pairs[seed][high] - pairs[seed][low])
    return found


def interval(values, seed):
    random = np.random.default_rng(seed)
    means = []
    for _ in range(4000):
        means.append(np.mean([values[i] for i in random.integers(len(values), size=len(values))]))
    means.sort()
    return [float(means[100]), float(means[-101])]


def conclude(low, high, matters):
    if low > -matters and high < matters:
        return "alike"
    if low > 0:
        return "more"
    if high < 0:
        return "less"
    return "open"
