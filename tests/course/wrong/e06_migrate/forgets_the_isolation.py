"""Does not expect the reference of whoever isolated the page."""

LOSES = ("count",)


def expected_references(header):
    return (header.first_handle != 0) + (header.last_handle != 0)
