"""Cases of e10_zsmalloc for all functions together: the kernel's traces, and whole machines."""

from typing import Any

import numpy as np

from zbudlab.conformance.trace import lines, operations
from zbudlab.course.contract import LINUX, Case, Setting
from zbudlab.course.exercises import GOLDENS
from zbudlab.course.exercises.e10_pools import QUARTER, TWO_PAGES
from zbudlab.course.probes.e10_zsmalloc import named

KIND = "zsmalloc-7"
ODD = 200  #: a request whose class has an odd number


# --- the kernel's traces -----------------------------------------------------------------------

RECORDED = (
    ("h10_no_move_inside_a_group", 8),
    ("h14_span_two_pages", 8),
    ("h17_compact_just_enough", 4),
    ("h23_migrate_then_free", 8),
    ("h27_deferred_free", 8),
    ("n03_destination_first_source_last", 8),
    ("n06_refused_sizes", 8),
    ("n07_reader_busy", 8),
    ("n09_isolated_then_freed", 4),
)


def shown_goldens(setting: Setting) -> list[Case]:
    """Return the kernel's traces; none under another rule."""
    if setting.rule.name != LINUX.name:
        return []
    return [
        {"golden": name, "chain": chain, "trace": _operations(name)} for name, chain in RECORDED
    ]


def _operations(name: str) -> list[str]:
    return [o.text for o in operations(GOLDENS / KIND / f"{name}.trace.gz")]


def kernels_answer(setting: Setting, case: Case) -> Any:
    """Return what the kernel's code answered to a trace; None for a trace that was drawn."""
    if "golden" not in case:
        return None
    path = GOLDENS / KIND / f"{case['golden']}.chain{case['chain']}.expected.gz"
    answers = [text.strip() for _, text in lines(path) if text.strip()]
    return [named(*pair) for pair in zip(_operations(case["golden"]), answers, strict=True)]


def drawn_traces(setting: Setting, random: np.random.Generator) -> list[Case]:
    """Return traces with moves and compactions."""
    return [_drawn_trace(random, length, chain) for length, chain in ((12, 8), (40, 4))]


def _drawn_trace(random: np.random.Generator, length: int, chain: int) -> Case:
    trace: list[str] = []
    live: list[int] = []
    for given in range(1, length + 1):
        size = ODD if given == 1 else int(random.choice([QUARTER, TWO_PAGES, ODD]))
        trace.append(f"a {given} {size}")
        live.append(given)
        draw = random.random()
        if draw < 0.4:
            trace.append(f"f {live.pop(int(random.integers(len(live))))}")
        elif draw < 0.7:
            trace.append(f"m {int(random.choice(live))}")
        elif draw < 0.8:
            trace.append("c")
    return {"chain": chain, "trace": [*trace, "s", "c"], "frames": 160}


# --- a machine ---------------------------------------------------------------------------------


def pressed_pool(pages: int, seed: int) -> Case:
    """Return a machine whose processes have more pages than it has frames.

    Their pages compress to few sizes, so that zspages have many objects. One process exits, and
    another fills the holes that it leaves; then memory and the pool are compacted, and pages are
    used.
    """
    script: list[list[Any]] = [["create_process", pages]] * 2
    script += [["fill", 0, 0, pages, seed, 2], ["inject", 0, 3]]
    script += [["fill", 1, 0, pages, seed + 1, 2], ["inject", 0, 0], ["exit", 0]]
    script += [["create_process", pages], ["fill", 0, 0, pages * 3 // 4, seed + 2, 2]]
    script += [["rescan"], ["compact", -1, 2, 1], ["exit", 0], ["compact_pool"]]
    script += [["touch", 1, 0, *range(0, pages, 8)]]
    config = {"frames": 64, "pageblock_order": 4, "max_pool_percent": 60, "profile": "7.3"}
    return {
        "config": config,
        "script": script,
        "see": ["zsmalloc pool", "fault"],
        "finally": ["contents", "zone"],
    }


def shown_pressure(setting: Setting) -> list[Case]:
    return [pressed_pool(46, 7)]


def drawn_pressure(setting: Setting, random: np.random.Generator) -> list[Case]:
    return [pressed_pool(int(random.integers(44, 52)), int(random.integers(1 << 30)))]
