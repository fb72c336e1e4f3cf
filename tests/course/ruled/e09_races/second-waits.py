"""The second processor waits for the first one: its first step is given."""

from math import comb

from zbudlab.course import number

LOSES = ("schedules",)
STUDENT = 0


def schedules_of_two():
    first, second = (number("e09_races", name, STUDENT, 3, 9) for name in ("first", "second"))
    return comb(first - 1 + second, second)
