"""Does not expect the isolation's reference."""

LOSES = ("count",)


def expected_references(header):
    return (header.first_handle != 0) + (header.last_handle != 0)
