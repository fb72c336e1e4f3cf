"""The command line: `zbudlab run`, `zbudlab replay`, `zbudlab course`.

Errors of the user's making end in one sentence on standard error and exit code 2.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from tqdm import tqdm

from zbudlab import __version__
from zbudlab.compressors import available
from zbudlab.config import PROFILES, MachineConfig
from zbudlab.files import check_writable, written_whole

USER_ERROR = 2
DIFFERENCE = 1
INTERRUPTED = 130


#: Options of `zbudlab run`: name, type, default, what stands for the value, help.
RUN_OPTIONS: tuple[tuple[str, type, Any, str, str], ...] = (
    ("--frames", int, 65536, "N", "page frames of 4096 bytes, 64 to 2^24"),
    ("--max-pool-percent", int, 20, "N", "zswap's share of memory at most, 0 to 100"),
    ("--compressor", str, "lz4", "NAME", f"one of {', '.join(available())}"),
    ("--profile", str, PROFILES[0], "NAME", f"whose rules: {', '.join(PROFILES)}"),
    ("--scenario", str, "scattered", "NAME", "how processes grow and end: scattered or orderly"),
    ("--pressure", float, 1.4, "X", "pages of all processes to page frames, 0.1 to 8"),
    ("--exits", float, 0.5, "X", "share of the processes that end, 0 to 1"),
    ("--order", int, 9, "N", "ask for blocks of 2^N pages, 0 to 10"),
    ("--cma-pages", int, None, "N", "size of the CMA area (default: a 16th of memory)"),
    ("--seed", int, 0, "N", "which processes end"),
    ("--threads", int, None, "N", "threads that compress (default: one a core)"),
    ("--json", str, None, "FILE", "write all figures there"),
    ("--plot", str, None, "FILE.png", "draw memory before and after compaction"),
)


def _run(options: argparse.Namespace) -> int:
    from zbudlab import report, scenario
    from zbudlab.sources import read_content

    if options.json is not None:
        check_writable(options.json)
    if options.plot is not None:
        from zbudlab.view import savefile

        savefile.check_picture(options.plot)
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
    plan = scenario.Plan(config, options.scenario, options.pressure, options.exits, options.order)
    plan.check_host()
    _say_if_first()
    content = read_content(options.paths or None, plan.pages)
    print(report.introduction(plan, content), flush=True)
    total = 2 * plan.pages * len(scenario.VARIANTS)
    with tqdm(total=total, unit="page", delay=1, leave=False, disable=None) as bar:
        outcomes = scenario.run(plan, content, bar.update)
    print("\n" + report.table(outcomes, plan.order))
    print("\n" + report.headline(outcomes, plan.order))
    if options.json is not None:
        with written_whole(options.json) as file:
            file.write(json.dumps(report.as_json(plan, content, outcomes), indent=1).encode())
    if options.plot is not None:
        from zbudlab.view import maps, savefile

        savefile.save(maps.compare(outcomes, config.pageblock_order, plan.order), options.plot)
    print(report.verdict(outcomes))
    return 0 if all(outcome.intact == outcome.pages for outcome in outcomes) else DIFFERENCE


def _say_if_first() -> None:
    """Tell who waits why: the first run compiles the engine."""
    from zbudlab.jit import CACHE_DIRECTORY

    if not any(CACHE_DIRECTORY.iterdir()):
        print("first run: compiling the engine takes a minute or two, once", file=sys.stderr)


def _cma(frames: int) -> int:
    """A CMA area of a sixteenth of memory in whole largest blocks, none on small machines."""
    from zbudlab.layout import MAX_ORDER_NR_PAGES

    if frames % MAX_ORDER_NR_PAGES:
        return 0
    return frames // 16 // MAX_ORDER_NR_PAGES * MAX_ORDER_NR_PAGES


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
    _say_if_first()
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


def _course(options: argparse.Namespace) -> int:
    from zbudlab.course import copy_course

    written = copy_course(options.folder)
    print(
        f"{len(written)} files copied to {options.folder}"
        if written
        else "nothing to copy: all is there"
    )
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
    run.add_argument(
        "paths", nargs="*", metavar="PATH", help="files and folders (default: Python's library)"
    )
    for name, kind, default, metavar, text in RUN_OPTIONS:
        shown = "" if default is None else " (default: %(default)s)"
        run.add_argument(name, type=kind, default=default, metavar=metavar, help=text + shown)
    run.set_defaults(command=_run)

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

    course = commands.add_parser("course", help="copy the notebooks and exercises to a folder")
    course.add_argument("folder", help="where to; what is there already is kept")
    course.set_defaults(command=_course)
    return top


def _sentence(error: Exception) -> str:
    """What to tell the user: our own errors are sentences, Python's get to be one."""
    if isinstance(error, MemoryError):
        return f"this computer has too little memory for that ({error}): ask for fewer frames"
    if isinstance(error, OSError) and error.filename is not None:
        return f"cannot use {error.filename}: {error.strerror}"
    return str(error)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    options = parser().parse_args(arguments)
    try:
        return options.command(options)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, OSError, MemoryError) as error:
        print(f"zbudlab: {_sentence(error)}", file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        print("zbudlab: interrupted", file=sys.stderr)
        return INTERRUPTED
