"""e08_experiment: plan, repeatable run, pairs, interval, verdict; the rest is marked by hand."""

import math
from typing import Any

import numpy as np

from zbudlab.course.contract import Ability, Case, Exercise, Rule, Setting, number, same

MOST_WORK = 300  #: pages that a run on the check's machine may touch, so that it can be marked
FEWEST_SEEDS = 10
MOST_RUNS = 2000
TAKEN = ("frames", "seed", "error", "seconds", "zbudlab")  #: columns that a table has anyway
LEVEL = 95  #: percent

RULES = (
    Rule(
        "beyond-what-matters",
        "In this variant a difference is called `more` or `less` only if the whole interval lies "
        "beyond what matters: above `matters`, or below `-matters`.",
        changes=("conclude",),
    ),
)


# --- the plan ----------------------------------------------------------------------------------


def the_plan(setting: Setting) -> list[Case]:
    return [{"state": "your plan"}]


def judge_plan(case: Case, got: Any) -> str:
    grid, seeds = got["grid"], got["seeds"]
    chosen = range(seeds) if isinstance(seeds, int) else seeds
    sizes = [len(chosen), *map(len, grid.values())]
    if sum(sizes) > MOST_RUNS:  # first, as all that follows takes its time with them
        return f"{sum(sizes)} seeds and values of parameters: at most {MOST_RUNS} runs"
    taken = [name for name in grid if name in TAKEN]
    twice = [name for name, values in grid.items() if any(values.count(v) > 1 for v in values)]
    runs = math.prod(sizes)
    if taken:
        return f"{taken[0]} is no parameter of the grid, the sweep gives it"
    if twice:
        return f"a value of {twice[0]} appears twice"
    if not any(len(values) > 1 for values in grid.values()):
        return "nothing varies: at least one parameter needs two values"
    if len(set(chosen)) < max(FEWEST_SEEDS, len(chosen)):
        return f"at least {FEWEST_SEEDS} seeds, each once: fewer say little about chance"
    return f"{runs} runs: at most {MOST_RUNS}" if runs > MOST_RUNS else ""


# --- runs --------------------------------------------------------------------------------------


def shown_points(setting: Setting) -> list[Case]:
    return [
        {"places": [0.0, 0.999], "seed": 1, "state": "the first and the last point of your grid"}
    ]


def drawn_point(setting: Setting, random: np.random.Generator) -> list[Case]:
    place, seed = float(random.random()), int(random.integers(100, 10000))
    state = f"a point of your grid, seed {seed}"
    return [{"places": [round(place, 3)], "seed": seed, "state": state}]


def _fault_of_result(name: str, value: Any, point: dict[str, Any]) -> str:
    if name in TAKEN or name in point:
        return f"a result cannot be called {name}: that column is there already"
    if not isinstance(value, (int, float, str)):
        return f"{name} must be a number or a text"
    if isinstance(value, float) and not math.isfinite(value):
        return f"{name} is no number that can be drawn"
    return ""


def _too_much(got: Any) -> str:
    if got["work"] <= MOST_WORK:
        return ""
    return (
        f"a run on a small machine hands it {got['work']} numbers (pages, mostly), at most "
        f"{MOST_WORK} can be marked: let what it does grow with frames"
    )


def judge_runs(case: Case, got: Any) -> str:
    columns = [list(at["results"]) for at in got["points"]]
    for at in got["points"]:
        for name, value in at["results"].items():
            if fault := _fault_of_result(name, value, at["point"]):
                return fault
    if not columns[0]:
        return "an experiment gives its results by name: at least one"
    if any(sorted(names) != sorted(columns[0]) for names in columns):
        return "a table needs the same columns at every point"
    return "" if got["work"] else "no machine did anything"


def shown_seeds(setting: Setting) -> list[Case]:
    return [{"seeds": [1, 2, 1], "state": "runs with the seeds 1, 2, and 1 again"}]


def drawn_seeds(setting: Setting, random: np.random.Generator) -> list[Case]:
    seed = int(random.integers(100, 10000))
    return [{"seeds": [seed, seed], "state": f"two runs with the seed {seed}"}]


def judge_repeats(case: Case, got: Any) -> str:
    seeds, found = case["seeds"], got["results"]
    if not same(found[-1], found[0]):
        return f"seed {seeds[0]} gave something else the second time: draw from `seed` alone"
    if len(set(seeds)) > 1 and all(same(results, found[0]) for results in found):
        return "other seeds give the same: nothing here is left to chance, or nothing shows it"
    return _too_much(got)


# --- pairs -------------------------------------------------------------------------------------


def differences(
    rows: list[dict[str, Any]], parameter: str, low: Any, high: Any, result: str
) -> list[float]:
    """Return, for each seed that both have, the result at `high` minus that at `low`."""
    at = {
        value: {row["seed"]: row[result] for row in rows if row[parameter] == value}
        for value in (low, high)
    }
    seeds = sorted(at[low].keys() & at[high].keys())
    pairs = [(at[high][seed], at[low][seed]) for seed in seeds]
    return [more - less for more, less in pairs if more is not None and less is not None]


def _rows(parameter: str, results: dict[Any, list[Any]], order: list[int]) -> list[dict[str, Any]]:
    """Return the rows of a table: a result for each seed at each value, in some order."""
    rows = [
        {parameter: value, "seed": seed, "blocks": found, "error": found is None and "no memory"}
        for value, many in results.items()
        for seed, found in enumerate(many)
    ]
    return [row | {"error": row["error"] or None} for row in (rows[place] for place in order)]


def _pairs(state: str, *arguments: Any) -> Case:
    return {"function": "differences", "arguments": list(arguments), "state": state}


def shown_pairs(setting: Setting) -> list[Case]:
    two = {False: [3, 5], True: [4, 9]}
    three = {10: [3, 5, 1], 20: [4, 9, 1], 40: [6, 2, 8]}
    failed = {10: [3, None, 1, 6], 20: [4, 9, None, 2]}
    return [
        _pairs("two seeds", _rows("movable", two, [0, 1, 2, 3]), "movable", False, True, "blocks"),
        _pairs("rows not in order", _rows("p", two, [3, 0, 2, 1]), "p", False, True, "blocks"),
        _pairs("three values", _rows("percent", three, [*range(9)]), "percent", 10, 40, "blocks"),
        _pairs("runs that failed", _rows("n", failed, [*range(8)]), "n", 10, 20, "blocks"),
        _pairs("a seed that ran once", _rows("n", three, [0, 1, 2, 4, 5]), "n", 10, 20, "blocks"),
    ]


def drawn_pairs(setting: Setting, random: np.random.Generator) -> list[Case]:
    cases = []
    for count in (5, 20):
        found = {value: random.integers(0, 50, count).tolist() for value in (1, 2, 3)}
        found[1 + int(random.integers(3))][int(random.integers(count))] = None
        order = random.permutation(3 * count)[: 3 * count - 2].tolist()
        cases.append(_pairs(f"{count} seeds", _rows("n", found, order), "n", 1, 3, "blocks"))
    return cases


# --- the interval ------------------------------------------------------------------------------


def _samples(random: np.random.Generator, *sizes: int) -> list[Case]:
    cases = []
    for size in sizes:
        values = np.round(20 + 5 * random.normal(size=size) + random.exponential(8, size), 1)
        cases.append({"values": values.tolist(), "seed": int(random.integers(1000))})
    return [case | {"state": f"{len(case['values'])} values {case['values']}"} for case in cases]


def shown_samples(setting: Setting) -> list[Case]:
    alike = {"values": [7.0] * 6, "seed": 1, "state": "six values of 7"}
    return [alike, *_samples(np.random.Generator(np.random.PCG64(8)), 8, 12)]


def drawn_samples(setting: Setting, random: np.random.Generator) -> list[Case]:
    return _samples(random, 8, 10, 14)


def bootstrapped(values: list[float]) -> tuple[float, float]:
    """Return the interval to which the bootstrap converges with more resamples."""
    random = np.random.Generator(np.random.PCG64(0))
    sample = np.asarray(values, float)
    means = sample[random.integers(0, len(sample), (20000, len(sample)))].mean(axis=1)
    tail = (100 - LEVEL) / 2
    low, high = np.percentile(means, [tail, 100 - tail])
    return float(low), float(high)


def judge_interval(case: Case, got: Any) -> str:
    (low, high), again = got
    right = bootstrapped(case["values"])
    width = right[1] - right[0]
    if not same([low, high], again):
        return f"the second time {again}: draw from `seed` alone"
    if all(
        abs(mine - its) <= width / 20 + 1e-9 for mine, its in zip((low, high), right, strict=True)
    ):
        return ""
    told = f"the bootstrap's is near {right[0]:.2f} to {right[1]:.2f}"
    if high - low < 0.93 * width:
        return f"{told}: too narrow, it promises what it cannot keep"
    return f"{told}: too wide" if high - low > 1.07 * width else told


# --- the verdict -------------------------------------------------------------------------------


def conclude(low: float, high: float, matters: float) -> str:
    """Return what an interval of differences means, if a difference of `matters` matters."""
    if -matters < low and high < matters:
        return "alike"
    if low > 0:
        return "more"
    return "less" if high < 0 else "open"


def _verdicts(*intervals: tuple[float, float, float]) -> list[Case]:
    return [{"function": "conclude", "arguments": list(found)} for found in intervals]


def shown_verdicts(setting: Setting) -> list[Case]:
    return _verdicts(
        (5, 9, 2), (-9, -5, 2), (-1, 1, 2), (-4, 7, 2), (0.5, 1.5, 2), (1, 6, 2), (-6, -1, 2),
        (0, 6, 2), (-6, 0, 2), (-2, 1, 2), (-1, 2, 2), (2, 5, 2),
    )  # fmt: skip


def drawn_verdicts(setting: Setting, random: np.random.Generator) -> list[Case]:
    ends = np.sort(random.integers(-12, 13, (40, 2)), axis=1)
    return _verdicts(*((int(low), int(high), 5) for low, high in ends if low < high))


def why_verdict(case: Case, got: Any, expected: str) -> str:
    low, high, matters = case["arguments"]
    return {
        "alike": f"whatever it is, it is less than {matters}, which does not matter",
        "open": "it may be one or the other: no difference was shown, nor that there is none",
    }.get(expected, f"all that is likely, {low} to {high}, is on one side")


# --- numbers -----------------------------------------------------------------------------------


def seeds_question(setting: Setting) -> list[Case]:
    """Return the number of seeds that makes an interval narrower by a factor."""
    student = setting.student
    return [
        {
            "name": "seeds_needed",
            "seeds": number("e08_experiment", "seeds", student, 10, 30),
            "times": number("e08_experiment", "times", student, 2, 6),
        }
    ]


def seeds_answer(setting: Setting, case: Case) -> int:
    return case["seeds"] * case["times"] ** 2


EXERCISE = Exercise(
    name="e08_experiment",
    title="An experiment of your own, and its defence",
    minutes=90,
    needs=("e06_migrate", "e07_compaction"),
    references={
        "grid": None,
        "seeds": None,
        "experiment": None,
        "differences": differences,
        "interval": None,
        "conclude": conclude,
        "seeds_needed": None,
    },
    rules=RULES,
    abilities=(
        Ability(
            "plan",
            "plans what varies and how often",
            2,
            "e08_experiment.plan",
            ("grid", "seeds"),
            the_plan,
            judge=judge_plan,
            hints=("One parameter with two values and 20 seeds answer many questions.",),
        ),
        Ability(
            "runs",
            "runs at the points of the plan",
            3,
            "e08_experiment.runs",
            ("grid", "experiment"),
            shown_points,
            drawn_point,
            judge=judge_runs,
            hints=("A dict of numbers, the same names whatever happens: 0 where nothing did.",),
        ),
        Ability(
            "repeats",
            "gives the same for the same seed, and not for others",
            3,
            "e08_experiment.repeats",
            ("experiment",),
            shown_seeds,
            drawn_seeds,
            judge=judge_repeats,
            hints=("`random = np.random.default_rng(seed)`, and no other source of chance.",),
        ),
        Ability(
            "pairs",
            "compares runs of the same seed",
            3,
            "basic.call",
            ("differences",),
            shown_pairs,
            drawn_pairs,
            hints=("First a dict for each of the two values: result by seed.",),
            why="the high value's result less the low one's, in the order of the seeds both have",
        ),
        Ability(
            "interval",
            "says how far chance may reach",
            4,
            "e08_experiment.intervals",
            ("interval",),
            shown_samples,
            drawn_samples,
            judge=judge_interval,
            hints=(
                "As many values as there are, drawn with repetition: their mean. A few thousand "
                "such means; their middle 95 %.",
            ),
        ),
        Ability(
            "verdict",
            "concludes no more than an interval says",
            3,
            "basic.call",
            ("conclude",),
            shown_verdicts,
            drawn_verdicts,
            why=why_verdict,
            hints=("An interval with 0 in it does not say that there is no difference.",),
        ),
        Ability(
            "seeds",
            "knows what a narrower interval costs",
            2,
            "basic.value",
            ("seeds_needed",),
            seeds_question,
            expected=seeds_answer,
            hints=("The width goes with one over the square root of the number of seeds.",),
        ),
    ),
)
