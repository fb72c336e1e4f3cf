"""The difference of the two means, instead of the pairs."""

LOSES = ("pairs",)


def differences(rows, parameter, low, high, result):
    def mean(value):
        found = [r[result] for r in rows if r[parameter] == value and r[result] is not None]
        return sum(found) / len(found)

    return [mean(high) - mean(low)]
