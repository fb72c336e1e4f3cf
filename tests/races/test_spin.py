"""The explorer agrees with Spin on the states and the verdict of a scenario (make soak: seven)."""

import shutil

import pytest

from tests.races.spin import SCENARIOS, compared


@pytest.mark.spin
def test_spin_finds_the_same_states_and_verdict():
    if not (shutil.which("spin") and shutil.which("gcc")):
        pytest.skip("needs spin and gcc")
    ours, spin = compared(*SCENARIOS[0])
    assert ours == spin == (98, "faulty")
