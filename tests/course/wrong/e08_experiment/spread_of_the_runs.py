"""How far the runs lie apart, not how far their mean may be off."""

LOSES = ("interval",)


def interval(values, seed):
    return tuple(float(end) for end in np.percentile(values, [2.5, 97.5]))
