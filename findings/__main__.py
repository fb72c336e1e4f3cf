"""`python -m findings [NAME ...]`: run the sweeps, then write tables and figures.

Each NAME.toml is swept, or resumed if it was interrupted. Results are written to NAME.csv, the
figure to NAME.svg, the tables into NAME.md. The exit code is 1 if a claim of a finding fails.
"""

import argparse
import re
import sys
from importlib import import_module

import pandas as pd

from findings.common import FOLDER, UNKEPT, with_tables
from zbudlab.io.files import written_whole
from zbudlab.sweep import SweepFile, sweep
from zbudlab.sweep.executors import process_pool
from zbudlab.view.look import style, svgfile

NAMES = ("patch", "cma", "density", "ratio", "fragmentation", "pool", "compaction", "years", "zram")


def results(name: str, jobs: int) -> pd.DataFrame:
    """Return the results of a finding's sweep: run it, or resume it if it was interrupted."""
    asked = SweepFile.load(FOLDER / f"{name}.toml")
    asked.out.parent.mkdir(exist_ok=True)
    asked.out.unlink(missing_ok=True)
    workers = (lambda: process_pool(jobs)) if jobs > 1 else None
    keep = {"executor": workers, "out": asked.out, "resume": True}
    table = sweep(asked.experiment, asked.grid, seeds=asked.seeds, **keep)
    failed = table["error"].dropna()
    if len(failed):
        raise SystemExit(f"{name}: {len(failed)} points failed, the first with: {failed.iloc[0]}")
    print(f"{name}: {len(table)} points, {table['seconds'].sum():.0f} s of work", flush=True)
    return table


def store(name: str, table: pd.DataFrame) -> None:
    """Store the results of a sweep as CSV, without columns that differ from run to run."""
    text = table.drop(columns=UNKEPT, errors="ignore").to_csv(index=False, lineterminator="\n")
    with written_whole(FOLDER / f"{name}.csv") as file:
        file.write(text.encode())


def stored(name: str) -> pd.DataFrame:
    """Return the stored results of a finding."""
    return pd.read_csv(FOLDER / f"{name}.csv")


def alt_of(page: str, picture: str) -> str:
    """Return the description that a page in Markdown gives of a picture."""
    found = re.search(rf"!\[([^]]*)\]\({re.escape(picture)}\)", page)
    if found is None:
        raise ValueError(f"the page does not show {picture}")
    return found[1]


def write(name: str, rows: pd.DataFrame) -> None:
    """Write the figure of a finding, and its page with the tables."""
    module = import_module(f"findings.{name}")
    drawn = style.styled(module.draw)(rows)
    page = FOLDER / f"{name}.md"
    text = with_tables(page.read_text("utf-8"), module.tables(rows))
    svgfile.write(drawn, FOLDER / f"{name}.svg", alt_of(text, f"{name}.svg"))
    with written_whole(page) as file:
        file.write(text.encode())


def broken(name: str, rows: pd.DataFrame) -> list[str]:
    """Return the claims of a finding that a table does not support."""
    claims = import_module(f"findings.{name}").CLAIMS
    return [claim.sentence for claim in claims if not claim.holds(rows)]


def main() -> int:
    """Run what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m findings", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    parser.add_argument("--again", action="store_true", help="only tables and figures, no sweeps")
    options = parser.parse_args()
    failed = 0
    for name in options.names or NAMES:
        if not options.again:
            store(name, results(name, options.jobs))
        rows = stored(name)
        write(name, rows)
        for sentence in broken(name, rows):
            print(f"{name}: no longer so: {sentence}")
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
