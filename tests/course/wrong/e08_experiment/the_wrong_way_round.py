"""The high value's result is taken from the low one's."""

LOSES = ("pairs",)


def differences(rows, parameter, low, high, result):
    at = {(row[parameter], row["seed"]): row[result] for row in rows}
    found = [(at.get((low, s)), at.get((high, s))) for s in sorted({s for _, s in at})]
    return [a - b for a, b in found if None not in (a, b)]
