"""Every difference that is not 0 is one, however small."""

LOSES = ("verdict",)


def conclude(low, high, matters):
    if low > 0:
        return "more"
    if high < 0:
        return "less"
    return "alike" if -matters < low and high < matters else "open"
