"""The explorer agrees with Spin on the states and the verdict of three scenarios.

`zbud.pml` is a model of the same steps, written by hand.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from zbudlab.races import explore_named

MODEL = Path(__file__).with_name("zbud.pml")
EVERY_STATE = ("-o1", "-o2", "-o3")  # variables that are only written make states, too

#: scenario, profile, merged steps, options of the model
SCENARIOS = [
    ("user-free-compact", "v2", ("isolate", "unmap"), "-DUSERS=1 -DFREES=1 -DPASSES=1"),
    (
        *("user-free-compact", "v2-mended", ("isolate",)),
        "-DUSERS=1 -DFREES=1 -DPASSES=1 -DUNMAP_TWO_STEPS -DMENDED",
    ),
    ("free-free-compact", "v2", (), "-DUSERS=0 -DFREES=2 -DPASSES=1 -DISOLATE_TWO_STEPS"),
    (
        *("user-user-compact", "v2", ("isolate",)),
        "-DUSERS=2 -DFREES=0 -DPASSES=2 -DUNMAP_TWO_STEPS",
    ),
]


def checked(folder, options):
    """Return the states that Spin stores, and how many steps are faults."""
    run = {"cwd": folder, "check": True, "capture_output": True, "text": True}
    subprocess.run(["spin", "-a", *EVERY_STATE, *options.split(), str(MODEL)], **run)
    subprocess.run(["gcc", "-w", "-DSAFETY", "-DNOREDUCE", "-o", "pan", "pan.c"], **run)
    report = subprocess.run([folder / "pan", "-c0", "-n"], **run).stdout
    states, errors = re.search(r"(\d+) states, stored", report), re.search(r"errors: (\d+)", report)
    return int(states[1]), int(errors[1])


@pytest.mark.spin
@pytest.mark.parametrize(("name", "profile", "merge", "options"), SCENARIOS)
def test_spin_finds_the_same_states_and_verdict(tmp_path, name, profile, merge, options):
    if not (shutil.which("spin") and shutil.which("gcc")):
        pytest.skip("needs spin and gcc")
    states, errors = checked(tmp_path, options)
    result = explore_named(name, profile, merge=merge)
    assert result.states == states
    assert (result.verdict == "faulty") == (errors > 0)
