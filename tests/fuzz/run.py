"""Play programs in child processes, shrink what fails, and print it as code to paste."""

import json
import os
import signal
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz import files, play
from tests.fuzz.programs import program

SHRINK_SECONDS = 15


@dataclass
class Outcome:
    """How a program ended. calls: steps that were run; fault: "" = well; at: the step."""

    calls: int = 0
    fault: str = ""
    at: int = 0

    @property
    def kind(self):
        """What makes two faults the same."""
        sentence = self.fault.partition(":")[0]
        place = self.fault.rpartition(" (zbudlab/")[2] if " (zbudlab/" in self.fault else ""
        return sentence, place


@dataclass
class Tally:
    """What was done: programs, calls, calls by target, and faults by kind."""

    programs: int = 0
    calls: int = 0
    targets: Counter = field(default_factory=Counter)
    faults: dict = field(default_factory=dict)


def prepare(folder):
    """Make samples and load what programs use, once, before the first child."""
    os.chdir(folder)
    os.environ["MPLBACKEND"] = "Agg"
    for kind in files.MAKERS:
        files.content(kind)
    return play.namespace()


def outcome(steps, names):
    """Play a program in a child process."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _child(steps, names, writing)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        lines = pipe.read().splitlines()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    at = sum(line.isdecimal() for line in lines) - 1
    last = lines[-1] if lines else ""
    if status < 0:
        kind = {signal.SIGPROF: "computes", signal.SIGALRM: "waits"}.get(-status)
        ends = (
            f"{kind} without end" if kind else f"ends the process by {signal.Signals(-status).name}"
        )
        return Outcome(at + 1, ends, at)
    if last.startswith('"'):
        return Outcome(at + 1, json.loads(last), at)
    return Outcome(at + 1, "" if status == 0 else f"ends the process with code {status}", at)


def _child(steps, names, writing):
    """Play a program, write the number of each step and a fault to a pipe, and end."""
    code = 1
    try:
        play.quiet()
        play.limit_memory()
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            os.chdir(folder)
            try:
                play.play(steps, dict(names), lambda number: os.write(writing, b"%d\n" % number))
            except play.Wrong as wrong:
                os.write(writing, json.dumps(str(wrong)).encode() + b"\n")
        code = 0
    finally:
        os._exit(code)


def shrunk(steps, found, names):
    """Return the fewest steps and arguments that end in the same fault."""
    steps, end = steps[: found.at + 1], time.monotonic() + SHRINK_SECONDS
    changed = True
    while changed and time.monotonic() < end:
        changed = False
        for other in _smaller(steps):
            if time.monotonic() > end:
                break
            if outcome(other, names).kind == found.kind:
                steps, changed = other, True
                break
    return steps


def _smaller(steps):
    """Yield the same program with a step fewer, or an argument fewer."""
    for place in range(len(steps) - 1):
        yield steps[:place] + steps[place + 1 :]
    for place, step in enumerate(steps):
        for other in step.smaller():
            yield [*steps[:place], other, *steps[place + 1 :]]


def as_code(steps, seed, number):
    """Return a program as Python to paste."""
    lines = "\n".join(f"    {step}" for step in steps)
    return f"    # python -m tests.fuzz --seed {seed} --program {number}\n{lines}"


def fuzz(seed, numbers, seconds, say=print):
    """Play programs until the time is up, and print each new kind of fault. Return a Tally."""
    tally, here = Tally(), Path.cwd()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        names = prepare(folder)
        end = time.monotonic() + seconds
        for number in numbers:
            if time.monotonic() > end:
                break
            steps = program(seed, number)
            found = outcome(steps, names)
            tally.programs += 1
            tally.calls += found.calls
            tally.targets.update(step.target for step in steps[: found.calls])
            if found.fault:
                _report(found, steps, (seed, number), names, tally, say)
        os.chdir(here)
    return tally


def _report(found, steps, place, names, tally, say):
    """Count a fault, and print the first of each kind, shrunk."""
    key = (steps[found.at].target, *found.kind)
    tally.faults[key] = tally.faults.get(key, 0) + 1
    if tally.faults[key] == 1:
        short = shrunk(steps, found, names)
        say(f"{steps[found.at].target} {found.fault}\n{as_code(short, *place)}\n", flush=True)
