"""`zbudlab replay`: run traces and logs through the engine, and compare with expected answers."""

import argparse
import os
from typing import Any

from tqdm import tqdm

from zbudlab.cli.first_use import DIFFERENCE, say_if_first
from zbudlab.cli.printing import say
from zbudlab.profiles import DEFAULT

#: Options for recorded traces: name, type, placeholder of the value, help.
TRACE_OPTIONS: tuple[tuple[str, type, str, str], ...] = (
    ("--frames", int, "N", "page frames of the machine (65536 for blocks, 16384 for pages)"),
    ("--every", int, "N", "events from one sample to the next (1024; doubles in long traces)"),
    ("--content", str, "NAME", "pages: content that is written to them (mixed)"),
    ("--compressor", str, "NAME", "pages: zswap's compressor (lz4)"),
    ("--max-pool-percent", int, "N", "pages: the most memory that zswap may use, percent (20)"),
    ("--zbud", str, "NAME", "pages: plain or series (series)"),
    ("--profile", str, "NAME", f"pages: whose rules zswap follows ({DEFAULT})"),
    ("--seed", int, "N", "pages: which contents they get (0)"),
    ("--json", str, "FILE", "write all figures to this file"),
)
#: Options for traces of operations, see `zbudlab.conformance.SETTINGS`.
OPERATION_OPTIONS: tuple[tuple[str, type, str, str], ...] = (
    ("--chain", int, "N", "zsmalloc-7: the most pages of a zspage, 4 to 16 (8)"),
    ("--version", str, "NAME", "zswap-7, zswap-run: the kernel, 7.3 or 7.2 (7.3)"),
)
RUN = "zswap-run"  #: a recording of a running kernel's counters
#: Of the options for recorded traces, those for the log of a machine.
LOG_OPTIONS = ("--every", "--json")
#: Their names in `zbudlab.traces.replay` where they differ.
CALLED = {"content": "what"}


def _replay_log(options: argparse.Namespace) -> int:
    """Run the log of a machine again; each operation must answer as it did."""
    from zbudlab.io.files import check_writable
    from zbudlab.traces.logs import LogReplay

    if options.json is not None:
        check_writable(options.json)
    every = {} if options.every is None else {"every": options.every}
    log = LogReplay(options.trace, **every)
    log.run()
    if log.differs is not None:
        place, entry, answer = log.differs
        print(f"operation {place}: {entry.name} {' '.join(map(str, entry.arguments))}")
        print(f"  expected  {entry.result}\n  got       {answer}")
        return DIFFERENCE
    if every:
        print(log.figures())
    if options.json is not None:
        log.figures().save(options.json)
    digest = f"; SHA-256 of the machine {log.machine.digest()}" if log.machine else ""
    print(f"{log.operations} operations, 0 differences{digest}")
    return 0


def _given(table: tuple[tuple[str, type, str, str], ...], options: Any) -> dict[str, Any]:
    """Return the options of a table that were given, by name."""
    names = (name[2:].replace("-", "_") for name, *_ in table)
    return {name: value for name in names if (value := getattr(options, name)) is not None}


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings for a recorded trace from the options."""
    given = _given(TRACE_OPTIONS, options)
    return {CALLED.get(name, name): value for name, value in given.items() if name != "json"}


def _replay_trace(kind: str, options: argparse.Namespace) -> int:
    """Run a recorded trace and print its figures as a table."""
    from zbudlab import traces
    from zbudlab.io.files import check_writable

    if options.json is not None:
        check_writable(options.json)
    size = os.path.getsize(options.trace) if options.trace != "-" else None
    with tqdm(total=size, unit="B", unit_scale=True, delay=1, leave=False, disable=None) as bar:

        def show(position: int) -> None:
            bar.update(position - bar.n)

        figures = traces.replay(kind, options.trace, progress=show, **_settings(options))
    say(figures)
    if options.json is not None:
        figures.save(options.json)
    return 0


def _replay_operations(kind: str, options: argparse.Namespace) -> int:
    """Run a trace of operations. Print its answers, or the first difference."""
    from zbudlab import conformance

    settings = _given(OPERATION_OPTIONS, options)
    if not options.expect:
        for line in conformance.answers(kind, options.trace, **settings):
            print(line)
        return 0
    count, difference = conformance.compare(kind, options.trace, options.expect, **settings)
    if difference is not None:
        say(difference)
        print(f"{count} operations agree, then the first difference")
        return DIFFERENCE
    print(f"{count} operations, 0 differences")
    return 0


def _replay_run(options: argparse.Namespace) -> int:
    """Run a recording of a running kernel, and say where its counters differ."""
    from zbudlab.conformance.zswap_run import run_recording

    if options.expect:
        raise ValueError("a recording has the kernel's counters in it: leave --expect out")
    result = run_recording(options.trace, options.version)
    print("\n".join(result.lines()))
    return DIFFERENCE if result.differences else 0


def _replay(options: argparse.Namespace) -> int:
    from zbudlab import conformance
    from zbudlab.content.sources import check_file
    from zbudlab.traces import KINDS
    from zbudlab.traces.detect import detect

    for path in (options.trace, options.expect):
        if path not in (None, "-"):
            check_file(path)
    kind = detect(options.trace) if options.kind == "auto" else options.kind
    if kind not in (known := (*conformance.KINDS, RUN, "machine", *KINDS)):
        raise ValueError(f"unknown kind of trace {kind!r}; there are {', '.join(known)}, auto")
    _check_options(kind, kind in KINDS, options)
    say_if_first()
    if kind in (RUN, "machine"):
        return (_replay_run if kind == RUN else _replay_log)(options)
    return (_replay_trace if kind in KINDS else _replay_operations)(kind, options)


def _check_options(kind: str, recorded: bool, options: argparse.Namespace) -> None:
    """Refuse options that have no effect for this kind."""
    from zbudlab.conformance import SETTINGS

    given = [name for name in _given(TRACE_OPTIONS, options) if not recorded]
    if kind == "machine":
        given = [name for name in given if f"--{name}" not in LOG_OPTIONS]
    if given:
        option = f"--{given[0].replace('_', '-')}"
        raise ValueError(f"{option} is for recorded traces and has no effect on {kind}")
    settings = SETTINGS | {RUN: {"version": ()}}
    for name in _given(OPERATION_OPTIONS, options):
        if name not in settings.get(kind, {}):
            kinds = ", ".join(each for each, known in settings.items() if name in known)
            raise ValueError(f"--{name} is for {kinds} and has no effect on {kind}")
    if options.expect and recorded:
        raise ValueError(f"a {kind} trace has no expected answers: leave --expect out")


def add(commands: Any) -> None:
    """Add the options of `zbudlab replay`."""
    replay = commands.add_parser(
        "replay",
        help="run a trace, of operations or recorded, through the engine",
        description="For a trace of operations, print the engine's answers, one per line, in JSON "
        "or, for zsmalloc, z3fold and zswap-7, as plain text; with --expect, compare them with a "
        "file of such lines. For a recorded trace, print what became of free memory.",
    )
    replay.add_argument(
        "kind",
        help="operations: zbud-plain, zbud-series, radix, buddy, compact, zswap-plain, "
        "zswap-series, zswap-6.1, zswap-7, zsmalloc-6.1, zsmalloc-7, z3fold-6.1; zswap-run for "
        "counters of a running kernel, with its differences; machine for a log that "
        "Machine.save_log wrote. Recorded: kmem (text of perf, trace-cmd or ftrace), lackey "
        "(valgrind), addresses (address and R or W), "
        "blocks or pages (CSV or Parquet), "
        "auto to recognise the file",
    )
    replay.add_argument("trace", help="the trace, plain, .gz or .zst; - for standard input")
    replay.add_argument("--expect", metavar="FILE", help="the expected answers")
    for name, kind, metavar, text in (*OPERATION_OPTIONS, *TRACE_OPTIONS):
        replay.add_argument(name, type=kind, metavar=metavar, help=text)
    replay.set_defaults(command=_replay)
