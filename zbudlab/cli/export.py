"""`zbudlab export`: a page with a live view that needs neither Python nor any other file."""

import argparse
from typing import Any

from zbudlab.cli.first_use import say_if_first
from zbudlab.cli.printing import say
from zbudlab.io.files import check_writable, written_whole

FRAMES = 8192  #: of the machine under pressure


def _view(options: argparse.Namespace) -> Any:
    """Return the view that the page shows."""
    if options.log is not None:
        from zbudlab.view.player import Player

        return Player(options.log, stop=options.stop)
    from zbudlab.view.panel import Panel

    return Panel(frames=options.frames, seed=options.seed)


def _export(options: argparse.Namespace) -> int:
    """Run the command."""
    check_writable(options.html)
    say_if_first()
    page = _view(options).to_html(options.title)
    with written_whole(options.html) as file:
        file.write(page.encode())
    say(f"{options.html}: {len(page.encode()) / 1024:,.0f} KiB, opens in any browser")
    return 0


def add(commands: Any) -> None:
    """Add the options of `zbudlab export`."""
    export = commands.add_parser(
        "export",
        help="write a page with a live view, for slides or a learning platform",
        description="Write one HTML file that needs neither Python nor any other file: a machine "
        "under pressure that runs in the page, or with --log the steps of a recorded log.",
    )
    export.add_argument("html", metavar="HTML", help="the file to write")
    export.add_argument("--log", metavar="FILE", help="show the steps of this saved log")
    export.add_argument(
        "--stop", type=int, default=0, metavar="N", help="the operation after which to begin (0)"
    )
    export.add_argument(
        "--frames", type=int, default=FRAMES, metavar="N", help=f"page frames ({FRAMES})"
    )
    export.add_argument("--seed", type=int, default=0, metavar="N", help="for all randomness (0)")
    export.add_argument("--title", default="zbudlab", metavar="WORDS", help="heading of the page")
    export.set_defaults(command=_export)
