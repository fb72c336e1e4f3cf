"""The seeds there are already are taken off."""

LOSES = ("seeds",)


def seeds_needed():
    have = number("e08_experiment", "seeds", STUDENT, 10, 30)
    times = number("e08_experiment", "times", STUDENT, 2, 6)
    return have * times**2 - have
