"""`zbudlab explore`: every interleaving of a built-in scenario."""

import argparse
from typing import Any

from zbudlab.cli.outputs import print_found

#: The profiles that differ in the races: the series as posted, and with its races mended.
RACE_PROFILES = ("v2", "v2-mended")


def _list() -> int:
    from zbudlab.races import SCENARIOS

    width = max(map(len, SCENARIOS))
    for name, scenario in SCENARIOS.items():
        print(f"{name:{width}}  {scenario.sentence}")
    return 0


def _explore(options: argparse.Namespace) -> int:
    if options.name is None:
        return _list()
    from zbudlab.races import explore_named

    result = explore_named(
        options.name, options.profile, merge=options.merge, seconds=options.seconds
    )
    if options.save is not None:
        result.save(options.save)
    print_found(options, result, lambda: result)
    return 0


def add(commands: Any) -> None:
    """Add the options of `zbudlab explore`."""
    explore = commands.add_parser(
        "explore",
        help="run every interleaving of a few processors on zbud and zswap",
        description="Run every schedule of a built-in scenario on the engine's own code, and show "
        "the shortest one that breaks it. Without NAME: list the scenarios.",
    )
    explore.add_argument("name", metavar="NAME", nargs="?", help="a built-in scenario")
    explore.add_argument(
        "--profile",
        choices=RACE_PROFILES,
        default=RACE_PROFILES[0],
        help="the series as posted (v2, the default), or with its races mended",
    )
    explore.add_argument(
        "--merge",
        action="append",
        default=[],
        choices=("isolate", "unmap"),
        help="count these two steps of the kernel as one; may be given twice",
    )
    explore.add_argument(
        "--seconds", type=float, default=60, metavar="S", help="give up after that time (60)"
    )
    explore.add_argument(
        "--save", metavar="FILE", help="write the shortest schedule that ends in a fault to a file"
    )
    explore.add_argument("--json", action="store_true", help="print everything as JSON")
    explore.set_defaults(command=_explore)
