"""A small machine, and the faults that the tests of a check plant."""

import pytest

from tests.mm.lab import Lab


@pytest.fixture
def lab():
    return Lab()


def pytest_generate_tests(metafunc):
    """Run a test of `planted.Planted` once for each of its plants."""
    if "plant" in metafunc.fixturenames:
        plants = metafunc.cls.plants
        metafunc.parametrize("plant", plants, ids=[plant.__name__ for plant, _ in plants])
