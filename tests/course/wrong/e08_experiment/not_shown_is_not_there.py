"""An interval with 0 in it is taken for proof that nothing differs."""

LOSES = ("verdict",)


def conclude(low, high, matters):
    if low > 0:
        return "alike" if high < matters else "more"
    if high < 0:
        return "alike" if low > -matters else "less"
    return "alike"
