"""Play a program in this process: run its steps, and say what is wrong with how one ends."""

import contextlib
import errno
import io
import os
import resource
import signal
import sys
import traceback
from pathlib import Path

from tests import hostile
from tests.fuzz import files, readers, surface
from zbudlab.cli.command_line import main
from zbudlab.machine import Machine, MachineError

CPU_SECONDS = 20  #: of a call
SECONDS = 180  #: of a call, waiting included
MORE_MEMORY = 3 << 30  #: bytes of address space that a program may take
#: A request that the kernel refuses this way was refused before anything was done.
UNTOUCHED = (errno.EINVAL, errno.ESRCH, errno.EFAULT, errno.EPERM, errno.ENODATA, errno.ENOENT)


class Wrong(Exception):
    """A step did not end as it must."""


def text(value):
    """Return a value as a command line has it."""
    return value if isinstance(value, str) else str(value)


def namespace():
    """Return the names that programs use."""
    return {
        **hostile.NAMES,
        **surface.exported(),
        **readers.READERS,
        **{"main": main, "text": text, "sample": files.sample, "mutated": files.mutated},
        **{"tiny": files.tiny, "Path": Path},
    }


def limit_memory():
    """Limit the address space of this process to what it has and MORE_MEMORY."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MORE_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


@contextlib.contextmanager
def _time_limit():
    """End the process by a signal if a call takes too long, compiled code included."""
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def play(steps, names, note=lambda number: None):
    """Run steps. note: called with the number of each before it runs. Raise Wrong for a fault.

    The program ends at the first step that is refused and whose result the others need.
    """
    for number, step in enumerate(steps):
        note(number)
        machine = names.get("machine")
        before = _state(machine)
        error = _run(step, names)
        if error is not None:
            _judge(step, error, names)
        if isinstance(machine, Machine):
            _judge_state(step, machine, before, error)
        if error is not None and step.assign in ("machine", "it"):
            return


def _run(step, names):
    """Run a step, and return the exception that came out of it."""
    stderr = io.StringIO()
    line = str(step)
    try:
        with _time_limit(), contextlib.redirect_stderr(stderr):
            exec(compile(line, "<fuzz>", "exec"), names)
            _look_at(names.get(step.assign or "_"))
    except SystemExit as error:
        if error.code not in (0, 1, 2, None):
            return error
    except BaseException as error:
        return error
    said = stderr.getvalue()
    if "Traceback" in said or "Warning:" in said:
        raise Wrong(f"wrote on standard error: {said.strip().splitlines()[-1][:200]}")
    return None


def _look_at(result):
    """Use a result as a notebook does, and some of an iterator."""
    if hasattr(result, "__next__"):
        for _ in range(20):
            next(result, None)
    elif not isinstance(result, Machine):
        str(result)


def _judge(step, error, names):
    """Raise Wrong unless an exception is one that users may see."""
    said = str(error)
    kind = type(error).__name__
    if isinstance(error, (ZeroDivisionError, RuntimeError)) and _is_users(error):
        return
    if not isinstance(error, (OSError, ValueError, TypeError)):
        raise Wrong(f"{kind}: {said[:300]}{_place(error)}") from error
    if not said.strip() or "\n" in said or len(said) > 1000:
        raise Wrong(f"{kind} without one short sentence: {said[:300]!r}{_place(error)}") from error
    named = len(step.hostile) != 1 or _names(step, said, isinstance(error, TypeError))
    if not named and str(_run(step.mended(), names)) != said:
        raise Wrong(f"{kind} does not name the value: {said[:300]}{_place(error)}") from error


def _is_users(error):
    """Return whether an exception comes from the function that was given, not from zbudlab."""
    return traceback.extract_tb(error.__traceback__)[-1].filename == "<string>"


def _names(step, said, by_name):
    """Return whether a message names the hostile value, or its parameter."""
    name = step.hostile[0]
    if by_name or name in said:
        return name in said
    given = [text for key, text in step.arguments if key in (name, "")]
    words = [word for text in given for word in hostile.words_of(hostile.value_of(text))]
    return any(word in said for word in words)


def _place(error):
    """Return where in zbudlab an exception came from."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if f"{os.sep}zbudlab{os.sep}" in f.filename]
    if not ours:
        return ""
    name = ours[-1].filename.rpartition(f"{os.sep}zbudlab{os.sep}")[2]
    return f" (zbudlab/{name}, {ours[-1].name}, line {ours[-1].lineno})"


def _state(machine):
    """Return what a refused operation must not change."""
    if not isinstance(machine, Machine):
        return None
    return machine.digest(), dict(machine.pins)


def _judge_state(step, machine, before, error):
    """Raise Wrong if a machine is inconsistent, or a refused call changed it."""
    try:
        machine.check()
    except Exception as fault:
        raise Wrong(f"afterwards, check() raises {fault}") from None
    refused = error is not None and step.target.startswith("Machine.")
    done = isinstance(error, MachineError) and error.errno not in UNTOUCHED
    if refused and not done and before != _state(machine):
        raise Wrong(f"changed the machine, and raised {type(error).__name__}: {error}")


def quiet():
    """Read nothing, and print nothing."""
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    sys.stdout = io.StringIO()
