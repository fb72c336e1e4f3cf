"""Takes a struct page for four bytes."""

LOSES = ("records",)


def megabytes_of_records():
    return number("e01_pages", "gigabytes", STUDENT, 3, 99)
