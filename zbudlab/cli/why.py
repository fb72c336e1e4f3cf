"""`zbudlab why`: the reason for a refused request in a kernel log."""

import argparse
import sys
from pathlib import Path
from typing import Any

from zbudlab.cli.outputs import check_plot, print_found, write_plot

MOST_LAYOUTS = 1000


def _report(options: argparse.Namespace) -> Any:
    """Return the text of a report, or a host if the path is a recording or order is given."""
    from zbudlab import host

    if options.report == "-":
        text = host.text_of(sys.stdin.buffer.read())
    elif Path(options.report).is_dir() or host.is_archive(Path(options.report)):
        return _recorded(options)
    else:
        text = host.read_report(options.report)
    return text if options.order is None else host.from_text(text, options.report)


def _recorded(options: argparse.Namespace) -> Any:
    """Return the host of a recording, or the kernel log in it if no request is given."""
    from zbudlab import host

    if options.order is not None:
        return host.read(options.report)
    text, name = host.find_log(options.report)
    print(f"the kernel log is {name}", file=sys.stderr)
    return text


def _check_options(options: argparse.Namespace) -> None:
    if options.gfp is not None and options.order is None:
        raise ValueError("--gfp has no effect without --order: a report names its own request")
    if options.node is not None and options.order is None:
        raise ValueError("--node has no effect without --order: a report names its own nodes")
    if not 0 <= options.layouts <= MOST_LAYOUTS:
        raise ValueError(f"--layouts takes 0 to {MOST_LAYOUTS}, not {options.layouts}")


def _why(options: argparse.Namespace) -> int:
    from zbudlab import host

    _check_options(options)
    check_plot(options)
    asked = {name: getattr(options, name) for name in ("order", "gfp", "node", "layouts")}
    answer = host.why(_report(options), **asked)
    print_found(options, answer, lambda: answer)
    write_plot(options, lambda: _picture(answer))
    return 0


def _picture(answer: Any) -> Any:
    from zbudlab.view.reports import plot_answer

    return plot_answer(answer)


def add(commands: Any) -> None:
    """Add the options of `zbudlab why`."""
    why = commands.add_parser(
        "why",
        help="explain a page allocation failure, an OOM kill or a CMA failure",
        description="Read a kernel log, explain step by step why the request was refused, and try "
        "on simulated zones with the same free lists what would have helped.",
    )
    why.add_argument(
        "report",
        metavar="REPORT",
        help="a kernel log, a recording such as a sosreport (folder or archive), or - for stdin",
    )
    why.add_argument("--order", type=int, metavar="N", help="judge a request of this order instead")
    why.add_argument("--gfp", metavar="FLAGS", help="with --order: its flags (GFP_KERNEL)")
    why.add_argument(
        "--node", type=int, metavar="N", help="with --order: the only NUMA node it may use (any)"
    )
    why.add_argument(
        "--layouts", type=int, default=20, metavar="N", help="zones drawn for each remedy (20)"
    )
    why.add_argument("--json", action="store_true", help="print everything as JSON")
    why.add_argument(
        "--plot", "--png", metavar="FILE.png", help="draw free blocks and remedies as a picture"
    )
    why.set_defaults(command=_why)
