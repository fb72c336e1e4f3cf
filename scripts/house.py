"""Draw the packages of zbudlab and their imports as docs/house.svg, from the code itself.

Rows are the layers of the import contract in pyproject.toml. An arrow is an import between packages
that no longer path of arrows implies already. `--check` compares instead of writing.
"""

import argparse
import ast
import sys
import tomllib
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "zbudlab"
PICTURE = ROOT / "docs" / "house.svg"
WIDTH, ROW, BOX, GAP = 980, 84, 46, 14
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2430; }
.note { font-size: 11px; fill: #5b6270; }
rect { fill: #eef2f7; stroke: #8a94a6; }
path { fill: none; stroke: #8a94a6; stroke-opacity: 0.75; }
marker path { fill: #8a94a6; stroke: none; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6e9ef; } .note { fill: #a7afbd; }
  rect { fill: #262c36; stroke: #6f7a8c; } path { stroke: #6f7a8c; }
  marker path { fill: #6f7a8c; }
}
"""


def layers() -> list[list[str]]:
    """Return the names in each layer of the contract, from the top down."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    rows = settings["contracts"][0]["layers"]
    return [[n.strip(" ()") for n in row.replace(":", "|").split("|")] for row in rows]


def unit_of(path: Path) -> str:
    """Return the package or root module that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path, units: set[str]) -> set[str]:
    """Return the packages that a file imports, lazily or for types only included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "zbudlab":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("zbudlab."):
            found.add(str(node.module).split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("zbudlab.")}
    return found & units - {unit_of(path)}


def graph(units: set[str]) -> dict[str, set[str]]:
    """Return the packages that each package imports."""
    edges: dict[str, set[str]] = {unit: set() for unit in units}
    for path in PACKAGE.rglob("*.py"):
        if unit_of(path) in units:
            edges[unit_of(path)] |= imported(path, units)
    return edges


def reduced(edges: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the edges that no longer path implies."""

    def reach(unit: str) -> set[str]:
        return set().union(*({d} | reach(d) for d in edges[unit])) if edges[unit] else set()

    return {
        unit: {d for d in below if not any(d in reach(other) for other in below - {d})}
        for unit, below in edges.items()
    }


def summary(unit: str) -> tuple[str, str]:
    """Return what a package holds: its number of modules, and the first line of its docstring."""
    path = PACKAGE / f"{unit}.py"
    files = [path] if path.exists() else sorted((PACKAGE / unit).rglob("*.py"))
    modules = len([file for file in files if file.name != "__init__.py"])
    first = path if path.exists() else PACKAGE / unit / "__init__.py"
    text = ast.get_docstring(ast.parse(first.read_text("utf-8"))) or ""
    return f"{modules} module{'' if modules == 1 else 's'}", text.partition("\n")[0]


def places(rows: list[list[str]]) -> dict[str, tuple[float, float, float]]:
    """Return the left edge, top and width of each box."""
    found = {}
    for number, row in enumerate(rows):
        width = min(200.0, (WIDTH - GAP) / len(row) - GAP)
        left = (WIDTH - len(row) * (width + GAP) + GAP) / 2
        for i, unit in enumerate(row):
            found[unit] = (left + i * (width + GAP), 8.0 + number * ROW, width)
    return found


def arrow(start: tuple[float, float, float], end: tuple[float, float, float]) -> str:
    """Return a curve from the lower edge of one box to the upper edge of another."""
    x1, y1 = start[0] + start[2] / 2, start[1] + BOX
    x2, y2 = end[0] + end[2] / 2, end[1]
    bend = max(20.0, (y2 - y1) / 2)
    curve = f"M{x1:.0f},{y1:.0f} C{x1:.0f},{y1 + bend:.0f} {x2:.0f},{y2 - bend:.0f}"
    return f'<path d="{curve} {x2:.0f},{y2 - 5:.0f}" marker-end="url(#tip)"/>'


def box(unit: str, place: tuple[float, float, float]) -> str:
    """Return a package as a rectangle with its name and size."""
    left, top, width = place
    middle = left + width / 2
    modules, purpose = summary(unit)
    return (
        f"<g><title>{escape(purpose)}</title>"
        f'<rect x="{left:.0f}" y="{top:.0f}" width="{width:.0f}" height="{BOX}" rx="6"/>'
        f'<text x="{middle:.0f}" y="{top + 19:.0f}" text-anchor="middle">{escape(unit)}</text>'
        f'<text class="note" x="{middle:.0f}" y="{top + 36:.0f}" text-anchor="middle">'
        f"{modules}</text></g>"
    )


def drawn() -> str:
    """Return the picture as SVG."""
    rows = [[unit for unit in row if unit != "__main__"] for row in layers()]
    place = places(rows)
    edges = reduced(graph(set(place)))
    arrows = [arrow(place[a], place[b]) for a in sorted(edges) for b in sorted(edges[a])]
    height = 8 + len(rows) * ROW - (ROW - BOX) + 8
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
            'aria-label="The packages of zbudlab in layers; arrows are imports and point down">',
            f"<style>{STYLE}</style>",
            '<marker id="tip" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" '
            'markerHeight="6" orient="auto"><path d="M0,0 L6,3 L0,6 z"/></marker>',
            *arrows,
            *(box(unit, place[unit]) for row in rows for unit in row),
            "</svg>\n",
        ]
    )


def main() -> int:
    """Write the picture, or with --check return 1 if the stored one differs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    options = parser.parse_args()
    if not options.check:
        PICTURE.write_text(drawn(), encoding="utf-8")
        return 0
    if PICTURE.exists() and PICTURE.read_text("utf-8") == drawn():
        return 0
    print("docs/house.svg is out of date: run python scripts/house.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
