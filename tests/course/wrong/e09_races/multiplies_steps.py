"""Multiplies the steps instead of choosing among them."""

LOSES = ("schedules",)


def schedules_of_two():
    steps = [number("e09_races", name, STUDENT, 3, 9) for name in ("first", "second")]
    return steps[0] * steps[1]
