"""The middle of the interval decides, not its ends."""

LOSES = ("verdict",)


def conclude(low, high, matters):
    middle = (low + high) / 2
    if abs(middle) < matters:
        return "alike"
    return "more" if middle > 0 else "less"
