"""`zbudlab run`: the main job, files under memory pressure on several machines."""

import argparse
from dataclasses import replace
from typing import Any

from tqdm import tqdm

from zbudlab.cli.cma_option import cma_area
from zbudlab.cli.first_use import DIFFERENCE, say_if_first
from zbudlab.cli.machine_options import machine_names
from zbudlab.cli.outputs import check_outputs, write_outputs
from zbudlab.cli.printing import say
from zbudlab.content.compressors import available
from zbudlab.machine.config import MachineConfig
from zbudlab.machine.errors import ConfigError
from zbudlab.machine.settings import FRAMES, MACHINES, MAIN_JOB, ORDER, PERCENT, SHARE, span
from zbudlab.profiles import ALLOCATORS, DEFAULT, PROFILES, rules_of

#: Options of `zbudlab run`: name, type, default, placeholder of the value, help. argparse gets no
#: defaults, so the options that were given are known.
RUN_OPTIONS: tuple[tuple[str, type, Any, str, str], ...] = (
    ("--frames", int, 65536, "N", f"page frames of 4096 bytes, {span(FRAMES)}"),
    (
        "--max-pool-percent",
        int,
        20,
        "N",
        f"the most memory that zswap may use, percent, {span(PERCENT)}",
    ),
    ("--compressor", str, "lz4", "NAME", f"one of {', '.join(available())}"),
    ("--profile", str, DEFAULT, "NAME", f"kernel whose rules apply: {', '.join(PROFILES)}"),
    (
        "--zpool",
        str,
        None,
        "NAME",
        f"zswap's allocator: {', '.join(ALLOCATORS)} (default: the profile's usual one)",
    ),
    ("--machines", str, None, "NAMES", f"machines to compare: {','.join(MACHINES)}"),
    ("--scenario", str, "scattered", "NAME", "how processes grow and exit: scattered or orderly"),
    (
        "--pressure",
        float,
        1.4,
        "X",
        f"pages of all processes per page frame, {span(MAIN_JOB['pressure'])}",
    ),
    ("--exits", float, 0.5, "X", f"share of the processes that exit, {span(SHARE)}"),
    ("--order", int, 9, "N", f"request blocks of 2^N pages, {span(ORDER)}"),
    ("--cma-pages", int, None, "N", "size of the CMA area (default: a 16th of memory)"),
    ("--cma", str, None, "SIZE", "the CMA area as the boot parameter cma= gives it: 64M, 16M@0"),
    (
        "--workload",
        str,
        None,
        "NAME",
        "instead of the main job: a workload by name, or a .toml file",
    ),
    ("--seed", int, 0, "N", "for all randomness, such as which processes exit"),
    ("--threads", int, None, "N", "threads that compress (default: one per core)"),
    ("--lengths", str, None, "KIND|FILE", "with --metadata-only: mixed, text, binary, or a file"),
    ("--json", str, None, "FILE", "write all figures to this file"),
    ("--plot", str, None, "FILE.png", "draw memory before and after compaction"),
)


def _run(options: argparse.Namespace) -> int:
    """Run the command: the main job, or with --workload a workload."""
    if options.workload is not None:
        from zbudlab.cli import workload

        return workload.run(options)
    for name, _, default, _, _ in RUN_OPTIONS:
        field = name[2:].replace("-", "_")
        if getattr(options, field) is None:
            setattr(options, field, default)
    return _main_job(options)


def _main_job(options: argparse.Namespace) -> int:
    from zbudlab.mainjob import job, report

    check_outputs(options)
    plan = _plan(options)
    plan.check_host()
    say_if_first()
    content = _content(options, plan)
    say(report.introduction(plan, content))
    total = 2 * plan.pages * len(plan.variants)
    with tqdm(total=total, unit="page", delay=1, leave=False, disable=None) as bar:
        outcomes = job.run(plan, content, bar.update)
    print("\n" + report.table(outcomes, plan.order))
    print("\n" + report.headline(outcomes, plan.order))
    print(report.thought_experiments(outcomes), end="")
    write_outputs(
        options, lambda: report.as_json(plan, content, outcomes), lambda: _maps(plan, outcomes)
    )
    print(report.verdict(outcomes))
    return 0 if report.all_well(outcomes) else DIFFERENCE


def _plan(options: argparse.Namespace) -> Any:
    """Return the plan that the options describe."""
    from zbudlab.mainjob import job

    config = MachineConfig(
        frames=options.frames,
        max_pool_percent=options.max_pool_percent,
        compressor=options.compressor,
        profile=options.profile,
        zpool=options.zpool,
        thought_experiment=options.thought_experiment,
        seed=options.seed,
        **cma_area(options, options.frames, _cma(options.frames)),
        threads=options.threads,
        log=False,
        page_bytes=not options.metadata_only,
    )
    names = machine_names(options)
    given = (options.scenario, options.pressure, options.exits, options.order, names)
    plan = job.JobPlan(config, *given)
    if options.metadata_only:
        plan = replace(plan, config=replace(config, swap_pages=plan.pages))
    return plan


def _maps(plan: Any, outcomes: Any) -> Any:
    """Draw the machines' memory before and after compaction."""
    from zbudlab.view import maps

    return maps.compare(outcomes, plan.config.pageblock_order, plan.order)


def _content(options: argparse.Namespace, plan: Any) -> Any:
    """Return the content of the processes' pages: files, or compressed lengths."""
    from zbudlab.content.sources import read_content

    if options.metadata_only:
        return _lengths(options, plan)
    if options.lengths is not None:
        raise ConfigError("--lengths needs --metadata-only: pages with bytes are compressed")
    return read_content(options.paths or None, plan.pages)


def _lengths(options: argparse.Namespace, plan: Any) -> Any:
    """Return compressed lengths: of files, recorded ones, or those in a file."""
    from zbudlab.content import lengths
    from zbudlab.content.sources import read_content

    if options.paths and options.lengths is not None:
        raise ConfigError("compressed lengths come from files (PATH) or from --lengths, not both")
    name, count = plan.config.compressor, plan.pages
    rules = rules_of(plan.config.profile)
    kind = options.lengths or lengths.KINDS[0]
    if options.paths:
        pages = read_content(options.paths, count).pages
        table = lengths.of_pages(pages, name, rules=rules, threads=options.threads)
        source = f"{name} of {len(table)} pages of the files given"
    elif kind in lengths.KINDS:
        table = lengths.recorded(kind, name, rules=rules)
        source = f"{len(table)} {kind} pages as {name} of Linux 6.1 compressed them"
    else:
        return lengths.in_turn(lengths.from_file(kind, rules=rules), kind)
    return lengths.drawn(table, count, options.seed, source)


def _cma(frames: int) -> int:
    """Return the default size of the CMA area: a 16th of memory in whole largest blocks."""
    from zbudlab.layout import MAX_ORDER_NR_PAGES

    if frames % MAX_ORDER_NR_PAGES:
        return 0
    return frames // 16 // MAX_ORDER_NR_PAGES * MAX_ORDER_NR_PAGES


def add(commands: Any) -> None:
    """Add the options of `zbudlab run`."""
    run = commands.add_parser(
        "run",
        help="put files under memory pressure on several machines and compare",
        description="Files become the memory of simulated processes on a machine without zswap, "
        "one whose zbud pages cannot move, one whose zbud pages can, and one with zsmalloc and "
        "zswap as today; large blocks are requested before and after compaction.",
    )
    run.add_argument(
        "paths", nargs="*", metavar="PATH", help="files and folders (default: Python's library)"
    )
    for name, kind, default, metavar, text in RUN_OPTIONS:
        shown = "" if default is None else f" (default: {default})"
        run.add_argument(name, type=kind, metavar=metavar, help=text + shown)
    run.add_argument(
        "--metadata-only",
        action="store_true",
        help="no page bytes, 96 bytes per frame: owners and handles are proved instead",
    )
    run.add_argument(
        "--thought-experiment",
        action="store_true",
        help="allow an allocator that the profile's kernel did not have",
    )
    run.set_defaults(command=_run)
