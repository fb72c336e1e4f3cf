"""`zbudlab host`: the memory of the running Linux, or of a recorded one."""

import argparse
import time
from typing import Any

from zbudlab.cli.outputs import check_plot, print_found, write_plot
from zbudlab.cli.printing import say

LONGEST = 86400.0  #: seconds from one reading to the next
CLEAR = "\033[H\033[J"  # cursor home, rest of the screen empty


def _text(host: Any, before: Any, seconds: float) -> str:
    from zbudlab.host.report import changes, report

    return report(host) + (changes(before, host, seconds) if before else "")


def _read(options: argparse.Namespace) -> Any:
    """Read the host that the options name, or one node of it."""
    from zbudlab import host

    found = host.read(host.RECORDING if options.recording else options.root)
    return found if options.node is None else found.on_node(options.node)


def _watch(options: argparse.Namespace) -> int:
    """Print the host and what changed at intervals, until Ctrl-C or --times readings."""
    before, turns = None, 0
    while True:
        now = _read(options)
        print(CLEAR if turns else "", end="")
        say(_text(now, before, options.watch))
        turns += 1
        if turns == options.times:
            return 0
        before = now
        time.sleep(options.watch)


def _check_options(options: argparse.Namespace) -> None:
    """Refuse options that have no effect with another one, and times that are out of range."""
    for first in ("record", "watch"):
        for second in ("watch", "json", "plot"):
            given = getattr(options, first) is not None and first != second
            if given and getattr(options, second) not in (None, False):
                raise ValueError(f"--{second} has no effect with --{first}: leave one out")
    if options.recording and options.root != "/":
        raise ValueError("--root and --recording name two hosts: leave one out")
    if options.watch is not None and not 0 < options.watch <= LONGEST:
        raise ValueError(
            f"--watch takes seconds above 0, at most {LONGEST:g}, not {options.watch:g}"
        )
    if options.times is not None and options.watch is None:
        raise ValueError("--times has no effect without --watch")
    if options.times is not None and options.times < 1:
        raise ValueError(f"--times takes 1 or more, not {options.times}")


def _record(options: argparse.Namespace) -> int:
    from zbudlab import host

    root = host.RECORDING if options.recording else options.root
    made = host.record(options.record, root)
    print(f"{len(made)} files written to {options.record}; zbudlab host --root reads them")
    return 0


def _host(options: argparse.Namespace) -> int:
    _check_options(options)
    if options.record is not None:
        return _record(options)
    check_plot(options)
    if options.watch is not None:
        return _watch(options)
    found = _read(options)
    print_found(options, found, lambda: _text(found, None, 0))
    write_plot(options, lambda: _picture(found))
    return 0


def _picture(found: Any) -> Any:
    from zbudlab.view.hosts import plot_host

    return plot_host(found)


def add(commands: Any) -> None:
    """Add the options of `zbudlab host`."""
    host = commands.add_parser(
        "host",
        help="show the memory of this Linux",
        description="Show free blocks, fragmentation, zswap and page frames of this Linux, and "
        "what could not be read, with the reason.",
    )
    host.add_argument(
        "--root",
        metavar="PATH",
        default="/",
        help="read files recorded below this folder, or one file: buddyinfo or a kernel log",
    )
    host.add_argument("--recording", action="store_true", help="show the recording in zbudlab")
    host.add_argument("--node", type=int, metavar="N", help="show one NUMA node only")
    host.add_argument("--record", metavar="DIR", help="copy the kernel's files to DIR, for --root")
    host.add_argument("--json", action="store_true", help="print everything as JSON")
    host.add_argument("--plot", metavar="FILE.png", help="draw free blocks and fragmentation")
    seconds = {"nargs": "?", "type": float, "const": 2.0, "metavar": "SECONDS"}
    host.add_argument("--watch", help="print it every SECONDS (2)", **seconds)
    host.add_argument("--times", type=int, metavar="N", help="with --watch: stop after N readings")
    host.set_defaults(command=_host)
