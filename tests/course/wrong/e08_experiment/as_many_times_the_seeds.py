"""Three times as narrow takes three times the seeds, not nine times."""

LOSES = ("seeds",)


def seeds_needed():
    have = number("e08_experiment", "seeds", STUDENT, 10, 30)
    return have * number("e08_experiment", "times", STUDENT, 2, 6)
