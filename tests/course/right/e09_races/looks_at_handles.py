"""Asks for handles instead of chunks, and multiplies fractions."""

LOSES = ()


def must_stay(mem, header):
    return header.first_handle == 0 and header.last_handle == 0


def schedules_of_two():
    first, second = (number("e09_races", name, STUDENT, 3, 9) for name in ("first", "second"))
    ways = 1
    for step in range(second):
        ways = ways * (first + second - step) // (step + 1)
    return ways
