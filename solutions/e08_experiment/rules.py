"""The functions that e08's rules change."""


def conclude(low, high, matters):
    """What an interval of differences says: more or less only where all of it matters."""
    if -matters < low and high < matters:
        return "alike"
    if low > matters:
        return "more"
    return "less" if high < -matters else "open"


FUNCTIONS = {"beyond-what-matters": {"conclude": conclude}}
