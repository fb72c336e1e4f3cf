"""Command lines: every command with its options, found in the parser."""

import argparse

from tests import hostile
from zbudlab.cli.command_line import parser

#: Options that are never given, each with the reason.
LEFT_OUT = {
    "--help": "prints and exits",
    "--dask": "connects to other computers",
    "--dask-local": "starts a cluster",
    "--unsafe-no-isolation": "runs what is handed in with all rights",
    "--watch": "goes on until it is interrupted",
}
#: Valid values by "command.name"; placeholders as in `tests.fuzz.valid`.
VALUES = {
    "run.paths": ("sample('report')", "{report}"),
    "run.workload": ("{workload}", "'phone'"),
    "run.frames": ("2048",),
    "run.pressure": ("0.5",),
    "run.threads": ("1",),
    "run.lengths": ("'text'", "{lengths}"),
    "replay.kind": ("'auto'", "'pages'", "'blocks'", "'machine'", "{golden_kind}"),
    "replay.trace": ("{trace}", "{log}", "{golden}"),
    "replay.expect": ("{golden}",),
    "sweep.file": ("{sweepfile}",),
    "sweep.out": ("'out.csv'",),
    "host.root": ("{host}",),
    "host.record": ("'recorded'",),
    "why.report": ("{report}", "{host}"),
    "check.notebook": ("{notebook}",),
    "check.exercise": ("'e01_pages'", "''"),
    "course.folder": ("'copied'",),
    "grade.submissions": ("{notebook}", "{handed_in}"),
    "grade.roster": ("{roster}",),
    "grade.out": ("'marks.csv'",),
    "grade.grading": ("'grading'",),
    "experiments.name": ("'density'",),
}
BY_NAME = {
    "json": ("'out.json'",),
    "plot": ("'out.png'",),
    "order": ("3", "9"),
    "seed": ("7",),
    "frames": ("2048", "4096"),
    "every": ("10",),
    "jobs": ("1",),
    "layouts": ("0",),
    "variant": ("0",),
    "times": ("1",),
}


def _commands():
    """Return the actions of each command by its name."""
    (group,) = (each for each in parser()._actions if isinstance(each, argparse._SubParsersAction))
    return {
        name: [a for a in each._actions if not set(a.option_strings) & set(LEFT_OUT)]
        for name, each in group.choices.items()
    }


COMMANDS = _commands()


def _value(writer, command, action, odd):
    """Return the text of a value of an option or argument."""
    name = action.dest
    known = VALUES.get(f"{command}.{name}") or BY_NAME.get(name)
    if odd or known is None:
        return writer.one_of(hostile.TEXTS + hostile.NUMBERS + hostile.PATHS + ("sample('kmem')",))
    return writer.one_of(known)


def written(writer):
    """Return (target, call) of a random command line."""
    names = sorted(COMMANDS)
    command = names[int(writer.rng.integers(len(names)))]
    words = [repr(command)]
    for action in COMMANDS[command]:
        needed = not action.option_strings
        if not needed and writer.rng.random() > 0.2:
            continue
        words += [repr(option) for option in action.option_strings[-1:]]
        if action.nargs != 0:
            text = _value(writer, command, action, writer.rng.random() < 0.25)
            words.append(f"text({text})")
    if command == "grade":  # whatever else is handed in, marks go here
        words += ["'--no-gradebook'"]
    return f"command {command}", f"main([{', '.join(words)}])"
