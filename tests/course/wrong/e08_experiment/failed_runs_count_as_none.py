"""A run that failed counts as if it had given 0."""

LOSES = ("pairs",)


def differences(rows, parameter, low, high, result):
    at = {(row[parameter], row["seed"]): row[result] or 0 for row in rows}
    every = sorted({seed for _, seed in at})
    return [at[high, s] - at[low, s] for s in every if (high, s) in at and (low, s) in at]
