"""Counts the map counts, the handles" own 1 included, so that mapped pages move."""

LOSES = ("count",)


def expected_references(header):
    return 1 + int(header.first_map_count) + int(header.last_map_count)
