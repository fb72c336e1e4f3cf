"""`zbudlab host`: the memory of the machine you sit at."""

import argparse
import json
import time
from typing import Any

LONGEST = 86400.0  #: seconds from one look to the next
CLEAR = "\033[H\033[J"  # cursor home, rest of the screen empty


def _text(host: Any, before: Any, seconds: float) -> str:
    from zbudlab.host.report import changes, report

    return report(host) + (changes(before, host, seconds) if before else "")


def _watch(options: argparse.Namespace, root: Any) -> int:
    """Print the host again and again, with what changed, until Ctrl-C or for --times."""
    from zbudlab import host

    before, turns = None, 0
    while True:
        now = host.read(root)
        print((CLEAR if turns else "") + _text(now, before, options.watch), flush=True)
        turns += 1
        if turns == options.times:
            return 0
        before = now
        time.sleep(options.watch)


def _check_options(options: argparse.Namespace) -> None:
    """Refuse what would do nothing beside another option, and times that cannot be."""
    for first in ("record", "watch"):
        for second in ("watch", "json", "plot"):
            said = getattr(options, first) is not None and first != second
            if said and getattr(options, second) not in (None, False):
                raise ValueError(f"--{second} would do nothing beside --{first}: leave one out")
    if options.recording and options.root != "/":
        raise ValueError("--root and --recording are two hosts: leave one out")
    if options.watch is not None and not 0 < options.watch <= LONGEST:
        raise ValueError(
            f"--watch takes seconds above 0, at most {LONGEST:g}, not {options.watch:g}"
        )
    if options.times is not None and options.watch is None:
        raise ValueError("--times would do nothing without --watch")
    if options.times is not None and options.times < 1:
        raise ValueError(f"--times takes 1 or more, not {options.times}")


def _host(options: argparse.Namespace) -> int:
    from zbudlab import host

    _check_options(options)
    root = host.RECORDING if options.recording else options.root
    if options.record is not None:
        made = host.record(options.record, root)
        print(f"{len(made)} files written to {options.record}; zbudlab host --root reads them")
        return 0
    if options.plot is not None:
        from zbudlab.view import savefile

        savefile.check_picture(options.plot)
    if options.watch is not None:
        return _watch(options, root)
    found = host.read(root)
    print(json.dumps(found.as_dict(), indent=1) if options.json else _text(found, None, 0))
    if options.plot is not None:
        from zbudlab.view.hosts import plot_host

        savefile.save(plot_host(found), options.plot)
    return 0


def add(commands: Any) -> None:
    """The options of `zbudlab host`."""
    host = commands.add_parser(
        "host",
        help="show the memory of the machine you sit at",
        description="Free blocks, fragmentation, zswap and page frames as this Linux tells them; "
        "what it does not tell is named with the reason.",
    )
    host.add_argument("--root", metavar="DIR", default="/", help="read recorded files below DIR")
    host.add_argument("--recording", action="store_true", help="show the recording in zbudlab")
    host.add_argument("--record", metavar="DIR", help="copy the kernel's files to DIR, for --root")
    host.add_argument("--json", action="store_true", help="print everything as JSON")
    host.add_argument("--plot", metavar="FILE.png", help="draw free blocks and fragmentation")
    seconds = {"nargs": "?", "type": float, "const": 2.0, "metavar": "SECONDS"}
    host.add_argument("--watch", help="again and again, every 2 seconds", **seconds)
    host.add_argument("--times", type=int, metavar="N", help="with --watch: end after N times")
    host.set_defaults(command=_host)
