"""e09_races under other rules: what the package does not contain."""

from math import comb

from zbudlab.course import number

STUDENT = 0


def schedules_in_turn():
    """Return the schedules of two processors of which the first has the first step."""
    first, second = (number("e09_races", name, STUDENT, 3, 9) for name in ("first", "second"))
    return comb(first - 1 + second, second)


FUNCTIONS = {"second-waits": {"schedules_of_two": schedules_in_turn}}
