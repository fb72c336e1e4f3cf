"""Runs are paired by their place in the table, not by their seed."""

LOSES = ("pairs",)


def differences(rows, parameter, low, high, result):
    less = [row[result] for row in rows if row[parameter] == low]
    more = [row[result] for row in rows if row[parameter] == high]
    return [b - a for a, b in zip(less, more, strict=False) if None not in (a, b)]
