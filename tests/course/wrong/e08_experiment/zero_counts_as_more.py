"""An interval that begins at 0 is taken for more."""

LOSES = ("verdict",)


def conclude(low, high, matters):
    if -matters < low and high < matters:
        return "alike"
    if low >= 0:
        return "more"
    return "less" if high <= 0 else "open"
