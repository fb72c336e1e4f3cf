"""`zbudlab experiments`: list what can be swept, with parameters and results."""

import argparse
import json
from typing import Any


def _default(parameter: dict[str, Any]) -> str:
    return "required" if parameter.get("required") else f"default {parameter['default']}"


def _range(parameter: dict[str, Any]) -> str:
    """Return the values that a parameter takes, as text."""
    if "choices" in parameter:
        return "one of " + ", ".join(map(str, parameter["choices"]))
    low, high = parameter.get("low"), parameter.get("high")
    if low is None and high is None:
        return str(parameter["kind"])
    bounds = f"{low} to {high}" if None not in (low, high) else f"at least {low}"
    return f"{parameter['kind']}, {bounds}"


def _lines(experiment: dict[str, Any]) -> list[str]:
    """Return the text about one experiment."""
    found = [
        f"{experiment['name']}: {experiment['summary']}",
        f'  experiment = "{experiment["use"]}"',
    ]
    rows = [
        (parameter["name"], f"{_range(parameter)}; {_default(parameter)}", parameter["about"])
        for parameter in experiment["parameters"]
    ]
    found += ["  parameters", *_columns(rows)]
    rows = [(each["name"], each["unit"], each["about"]) for each in experiment["results"]]
    return [*found, "  results", *_columns(rows)]


def _columns(rows: list[tuple[str, str, str]]) -> list[str]:
    """Align the first two columns, unless they are long."""
    first = max((len(row[0]) for row in rows), default=0)
    second = min(max((len(row[1]) for row in rows), default=0), 44)
    return [
        f"    {name:<{first}}  {kind:<{second}}  {about}".rstrip() for name, kind, about in rows
    ]


def _experiments(options: argparse.Namespace) -> int:
    from zbudlab.experiments import listed

    found = listed(options.name)
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        print("\n\n".join("\n".join(_lines(each)) for each in found))
    return 0


def add(commands: Any) -> None:
    """Add the options of `zbudlab experiments`."""
    listing = commands.add_parser(
        "experiments",
        help="list the experiments for sweeps",
        description="List the experiments of zbudlab: how a sweep file names them, their "
        "parameters with kinds, bounds and defaults, and their results with units.",
    )
    listing.add_argument("name", nargs="*", metavar="NAME", help="list only these (default: all)")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(command=_experiments)
