"""The command line: `zbudlab run`, `zbudlab replay`, `zbudlab course`.

Errors of the user's making end in one sentence on standard error and exit code 2.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from zbudlab import __version__
from zbudlab.config import MachineConfig, PROFILES
from zbudlab.files import check_writable, written_whole

USER_ERROR = 2
DIFFERENCE = 1
INTERRUPTED = 130


def _run(options: argparse.Namespace) -> int:
    from zbudlab import report, scenario
    from zbudlab.sources import read_content

    for path in (options.json, options.plot):
        if path:
            check_writable(path)
    config = MachineConfig(
        frames=options.frames,
        max_pool_percent=options.max_pool_percent,
        compressor=options.compressor,
        profile=options.profile,
        seed=options.seed,
        cma_pages=options.cma_pages if options.cma_pages is not None else _cma(options.frames),
        threads=options.threads,
        log=False,
    )
    plan = scenario.Plan(
        config, options.scenario, options.pressure, options.exits, options.order
    )
    config.check_host()
    content = read_content(options.paths or None, plan.pages)
    print(report.introduction(plan, content), flush=True)
    total = 2 * plan.pages * len(scenario.VARIANTS)
    with tqdm(total=total, unit="page", delay=1, leave=False, disable=None) as bar:
        outcomes = scenario.run(plan, content, bar.update)
    print("\n" + report.table(outcomes, plan.order))
    print("\n" + report.headline(outcomes, plan.order))
    if options.json:
        with written_whole(options.json) as file:
            file.write(json.dumps(report.as_json(plan, content, outcomes), indent=1).encode())
    if options.plot:
        from zbudlab.view.maps import compare

        figure = compare(outcomes, config.pageblock_order)
        with written_whole(options.plot) as file:
            figure.savefig(file, format=Path(options.plot).suffix[1:] or "png")
    print(report.verdict(outcomes))
    return 0 if all(outcome.intact == outcome.pages for outcome in outcomes) else DIFFERENCE


def _cma(frames: int) -> int:
    """A CMA area of a sixteenth of memory in whole largest blocks, none on small machines."""
    from zbudlab.layout import MAX_ORDER_NR_PAGES

    if frames % MAX_ORDER_NR_PAGES:
        return 0
    return frames // 16 // MAX_ORDER_NR_PAGES * MAX_ORDER_NR_PAGES


def _replay(options: argparse.Namespace) -> int:
    from zbudlab import replay

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


def _course(options: argparse.Namespace) -> int:
    from zbudlab.course import copy_course

    copy_course(options.folder)
    return 0


def parser() -> argparse.ArgumentParser:
    """The options of all commands."""
    top = argparse.ArgumentParser(
        prog="zbudlab", description="A laboratory for Linux memory under pressure."
    )
    top.add_argument("--version", action="version", version=f"zbudlab {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = commands.add_parser(
        "run",
        help="put files under memory pressure on three machines and compare",
        description="Files become the memory of simulated processes on a machine without zswap, "
        "one whose zbud pages cannot move, and one where they can; large blocks are asked for "
        "before and after compaction.",
    )
    run.add_argument("paths", nargs="*", metavar="PATH", help="files or folders (default: Python's)")
    run.add_argument("--frames", type=int, default=65536, help="page frames (65536: 256 MiB)")
    run.add_argument("--max-pool-percent", type=int, default=20, metavar="PERCENT",
                     help="zswap's share of memory at most (20)")
    run.add_argument("--compressor", default="lz4", help="lz4, zstd, lzo, deflate, none (lz4)")
    run.add_argument("--profile", default=PROFILES[0], help=f"whose rules: {', '.join(PROFILES)}")
    run.add_argument("--scenario", default="scattered", help="scattered or orderly (scattered)")
    run.add_argument("--pressure", type=float, default=1.4, help="pages to frames (1.4)")
    run.add_argument("--exits", type=float, default=0.5, help="share of processes that end (0.5)")
    run.add_argument("--order", type=int, default=9, help="blocks asked for: 2^order pages (9)")
    run.add_argument("--cma-pages", type=int, metavar="PAGES", help="CMA area (a 16th of memory)")
    run.add_argument("--seed", type=int, default=0, help="which processes end (0)")
    run.add_argument("--threads", type=int, help="for compression (one a core)")
    run.add_argument("--json", metavar="FILE", help="write all figures there")
    run.add_argument("--plot", metavar="FILE.png", help="draw both memory maps, before and after")
    run.set_defaults(command=_run)

    replay = commands.add_parser(
        "replay",
        help="run a trace of operations through the engine",
        description="Prints what the engine answers to each operation, a JSON line each; with "
        "--expect compares that with a file of such lines.",
    )
    replay.add_argument("kind", help="zbud-plain, zbud-series, radix, buddy, compact, "
                        "zswap-plain, zswap-series or zswap-6.1")
    replay.add_argument("trace", help="the trace, plain or .gz; - for standard input")
    replay.add_argument("--expect", metavar="FILE", help="the answers that should come")
    replay.set_defaults(command=_replay)

    course = commands.add_parser("course", help="copy the notebooks and exercises to a folder")
    course.add_argument("folder", help="where to; what is there already is kept")
    course.set_defaults(command=_course)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    options = parser().parse_args(arguments)
    try:
        return options.command(options)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, OSError) as error:
        print(f"zbudlab: {error}", file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        print("zbudlab: interrupted", file=sys.stderr)
        return INTERRUPTED
