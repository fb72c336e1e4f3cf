"""Twenty runs, ten of which are the others again."""

LOSES = ("plan",)


def seeds():
    return [*range(10), *range(10)]
