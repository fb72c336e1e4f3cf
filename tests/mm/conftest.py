"""A small machine."""

import pytest

from tests.mm.lab import Lab


@pytest.fixture
def lab():
    return Lab()
