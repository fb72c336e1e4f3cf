"""The explorer held against Spin on the model `zbud.pml`, which was written by hand.

python -m tests.races.spin     compares all scenarios (make soak does; make test has the first)
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

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
    (
        *("user-user-compact-uncounted", "v2", ("isolate", "unmap")),
        "-DUSERS=2 -DFREES=0 -DPASSES=1 -DUNCOUNTED",
    ),
    (
        *("compact-compact", "v2-mended", ("isolate",)),
        "-DUSERS=0 -DFREES=0 -DPASSES=1 -DMENDED -DTWO_COMPACTIONS",
    ),
    (
        *("compact-compact", "v2-mended", ()),
        "-DUSERS=0 -DFREES=0 -DPASSES=1 -DMENDED -DTWO_COMPACTIONS -DISOLATE_TWO_STEPS",
    ),
]


def spins(folder, options):
    """The states that Spin stores, and how many steps are faults."""
    run = {"cwd": folder, "check": True, "capture_output": True, "text": True}
    subprocess.run(["spin", "-a", *EVERY_STATE, *options.split(), str(MODEL)], **run)
    subprocess.run(["gcc", "-w", "-DSAFETY", "-DNOREDUCE", "-o", "pan", "pan.c"], **run)
    report = subprocess.run([f"{folder}/pan", "-c0", "-n"], **run).stdout
    states, errors = re.search(r"(\d+) states, stored", report), re.search(r"errors: (\d+)", report)
    return int(states[1]), "faulty" if int(errors[1]) else "clean"


def compared(name, profile, merge, options):
    """Both answers to a scenario, as (states, verdict): the explorer's and Spin's."""
    result = explore_named(name, profile, merge=merge)
    with tempfile.TemporaryDirectory() as folder:
        return (result.states, result.verdict), spins(folder, options)


def main():
    differ = 0
    for scenario in SCENARIOS:
        ours, spin = compared(*scenario)
        differ += ours != spin
        print(f"{' '.join(scenario[:2])}: {ours[0]} states, {ours[1]}; Spin: {spin[0]}, {spin[1]}")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
