"""Run a student's cells behind bubblewrap, then cases on the functions they left behind.

Requests arrive on standard input and answers leave on the original standard output, one line of
JSON each. Nothing is decided here: the other side compares. In the sandbox this file is on its
own, next to a package that lacks the functions under test.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

MEMORY = 1 << 30
FILE_BYTES = 16 << 20
CPU_SECONDS = 60
FILES = 128
PROCESSES = 64
ANSWER_BYTES = 2 << 20
CELL_SECONDS = 3.0
CELLS_SECONDS = 6.0  #: for all of them; whatever comes later must be quick
CELL_CLOCK = 8.0  #: the same by the clock, for those that wait
CELLS_CLOCK = 15.0
QUICK_SECONDS = 0.2
CASE_SECONDS = 2.0
READY = {"ready": True}  #: the first line, before any of a student's code runs


def limit_resources() -> None:
    """Set limits that nothing run from here on can raise again."""
    import resource  # which only Unix has

    for name, limit in {
        "RLIMIT_AS": MEMORY,
        "RLIMIT_FSIZE": FILE_BYTES,
        "RLIMIT_CPU": CPU_SECONDS,
        "RLIMIT_NOFILE": FILES,
        "RLIMIT_NPROC": PROCESSES,
        "RLIMIT_CORE": 0,
    }.items():
        resource.setrlimit(getattr(resource, name), (limit, limit))


def run_cells(cells: list[str], namespace: dict[str, Any]) -> list[str]:
    """Run each cell separately. Return what went wrong, one line per cell, "" for nothing."""
    from zbudlab.course.probes import time_limit, trouble
    from zbudlab.course.probes.cells import run

    troubles = []
    end, over = time.process_time() + CELLS_SECONDS, time.monotonic() + CELLS_CLOCK
    for place, cell in enumerate(cells):
        computing = min(CELL_SECONDS, max(end - time.process_time(), QUICK_SECONDS))
        clock = min(CELL_CLOCK, max(over - time.monotonic(), QUICK_SECONDS))
        try:
            with time_limit(clock, clock=True), time_limit(computing):
                run(cell, f"cell {place + 1}", namespace)
            troubles.append("")
        except BaseException as error:
            troubles.append(trouble(error))
    return troubles


def run_case(
    request: dict[str, Any], namespace: dict[str, Any], ask: Callable[[Any], Any]
) -> dict[str, Any]:
    """Return what the student's functions answer to a case. ask: asks the other side."""
    from zbudlab.course.probes import Bench, observe

    names = request["functions"]
    missing = [name for name in names if name not in namespace]
    if missing:
        return {"error": f"there is no {missing[0]}"}
    functions = {name: namespace[name] for name in names}
    bench = Bench(functions, request["plugs"], request["others"])
    bench.ask = ask
    return observe(request["probe"], bench, request["case"], CASE_SECONDS)


def _line(answer: Any) -> bytes:
    text = json.dumps(answer).encode()
    if len(text) > ANSWER_BYTES:
        text = b'{"error": "the answer is larger than 2 MB"}'
    return text + b"\n"


def _send(answers: int, answer: Any) -> None:
    data = _line(answer)
    while data:
        data = data[os.write(answers, data) :]


def main() -> None:
    """Answer requests until there are no more."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.dup(1)
    with open(os.devnull, "r+b") as nothing:
        for stream in (0, 1, 2):
            os.dup2(nothing.fileno(), stream)
    limit_resources()
    from zbudlab.course.probes.cells import fresh_names
    from zbudlab.course.probes.imports import Finder

    sys.meta_path.append(Finder())
    namespace = fresh_names()

    _send(answers, READY)

    def ask(question: Any) -> Any:
        _send(answers, {"ask": question})
        return json.loads(requests.readline())

    for line in requests:
        request = json.loads(line)
        if "cells" in request:
            answer: Any = {"troubles": run_cells(request["cells"], namespace)}
        else:
            answer = run_case(request, namespace, ask)
        _send(answers, answer)


if __name__ == "__main__":
    sys.path[:0] = sys.argv[1:]
    main()
