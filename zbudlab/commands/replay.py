"""`zbudlab replay`: traces and logs through the engine, compared with what should come."""

import argparse
from typing import Any

from zbudlab.commands import DIFFERENCE, say_if_first


def _replay_log(path: str) -> int:
    """Run the log of a machine again; each operation must answer as it did."""
    from zbudlab import history

    machine, place = None, 0
    for place, entry, answer, at_work in history.replay(path):
        machine = at_work
        if answer != entry.result:
            print(f"operation {place}: {entry.name} {' '.join(map(str, entry.arguments))}")
            print(f"  expected  {entry.result}\n  got       {answer}")
            return DIFFERENCE
    digest = f"; SHA-256 of the machine {machine.digest()}" if machine else ""
    print(f"{place} operations, 0 differences{digest}")
    return 0


def _replay(options: argparse.Namespace) -> int:
    from zbudlab import replay
    from zbudlab.sources import check_file

    for path in (options.trace, options.expect):
        if path not in (None, "-"):
            check_file(path)
    say_if_first()
    if options.kind == "machine":
        return _replay_log(options.trace)
    if not options.expect:
        for line in replay.answers(options.kind, options.trace):
            print(line)
        return 0
    count, difference = replay.compare(options.kind, options.trace, options.expect)
    if difference is not None:
        print(difference)
        print(f"{count} operations agree, then the first difference")
        return DIFFERENCE
    print(f"{count} operations, 0 differences")
    return 0


def add(commands: Any) -> None:
    """The options of `zbudlab replay`."""
    replay = commands.add_parser(
        "replay",
        help="run a trace of operations through the engine",
        description="Prints what the engine answers to each operation, a JSON line each; with "
        "--expect compares that with a file of such lines.",
    )
    replay.add_argument(
        "kind",
        help="zbud-plain, zbud-series, radix, buddy, compact, zswap-plain, zswap-series, "
        "zswap-6.1; machine for a log that Machine.save_log wrote",
    )
    replay.add_argument("trace", help="the trace, plain or .gz; - for standard input")
    replay.add_argument("--expect", metavar="FILE", help="the answers that should come")
    replay.set_defaults(command=_replay)
