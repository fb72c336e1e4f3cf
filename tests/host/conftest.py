"""The made-up host as a fixture."""

import pytest

from tests.host.made_up import make_host


@pytest.fixture
def root(tmp_path):
    """The folder of a made-up host."""
    return make_host(tmp_path)
