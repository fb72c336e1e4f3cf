"""Record the live views of the course's pages: run notebooks and note what each view can show.

python scripts/livepages.py FOLDER [--pictures N] NOTEBOOK ...

FOLDER gets the scripts of the pages and `places.json`: for each page its scripts, and the elements
that replace outputs, as [cell, output, element]; output -1: below the cell. Exercises are not run:
they get their numeric questions. What was recorded is kept in build/recorded until the notebook or
the package changes.
"""

import argparse
import contextlib
import hashlib
import io
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "build" / "recorded"
WRONG_STEP = re.compile(r'^WrongStep\("(\w+)"', re.MULTILINE)  #: a cell that asks for a wrong step
VALUE = "basic.value"  #: the probe of numeric questions
STUDENTS = 100  #: whose numbers the pages of exercises have
STILL = "@still"  #: in an element: the place of the stored output


class Run:
    """A notebook that runs here, cell by cell; each view that it shows is recorded."""

    def __init__(self, page: Any) -> None:
        from IPython.core.interactiveshell import InteractiveShell

        self.page = page
        self.shell = InteractiveShell.instance()
        self.shell.display_formatter.format = self._shown
        self.shell.display_pub.publish = lambda *_, **__: self.shown.append(None)
        self.shown: list[Any] = []

    def _shown(self, view: Any, **_: Any) -> tuple[dict, dict]:
        self.shown.append(view)
        return {}, {}

    def cell(self, source: str) -> list[Any]:
        """Run a cell and return its records by output, None for what is no live view.

        RuntimeError if the cell fails.
        """
        self.shown = []
        with contextlib.redirect_stdout(io.StringIO()):
            result = self.shell.run_cell(source, silent=False)
        if not result.success:
            raise RuntimeError(f"a cell failed: {result.error_in_exec or result.error_before_exec}")
        return [None if view is None else self.page.add(view) for view in self.shown]


def recorded(notebook: dict[str, Any], pictures: int) -> tuple[Any, list[list[Any]]]:
    """Run a notebook; return its page and the places of its views.

    RuntimeError if it shows something else than what is stored.
    """
    from zbudlab.view.standalone import Page

    run = Run(Page(pictures))
    places = []
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code":
            continue
        stored = [at for at, output in enumerate(cell["outputs"]) if "data" in output]
        records = run.cell("".join(cell["source"]))
        if len(records) != len(stored):
            raise RuntimeError(f"cell {number} shows {len(records)} outputs, not {len(stored)}")
        for at, record in zip(stored, records, strict=True):
            if record is not None:
                places.append([number, at, record.element(STILL)])
    return run.page, places


def _numeric(exercise: Any) -> dict[str, Any]:
    """Return the abilities of an exercise that are numeric questions, by name."""
    return {a.name: a for a in exercise.abilities if a.probe == VALUE and a.expected is not None}


def questions(notebook: dict[str, Any], pictures: int) -> tuple[Any, list[list[Any]]]:
    """Return the page of an exercise: its questions below the cells that ask or check them."""
    from zbudlab.course.contract import Setting, exercise
    from zbudlab.view import WrongStep
    from zbudlab.view.standalone import Page
    from zbudlab.view.standalone.question import Question

    page, places = Page(pictures), []
    for number, cell in enumerate(notebook["cells"]):
        if asked := WRONG_STEP.search("".join(cell["source"])):
            places.append([number, -1, page.add(WrongStep(asked[1])).element("")])
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        name, _, ability_name = grade_id.partition("-")
        ability = _numeric(exercise(name)).get(ability_name) if ability_name else None
        if ability is None:
            continue
        students = []
        for setting in (Setting(student=student) for student in range(STUDENTS)):
            (case,) = ability.visible(setting)
            given = {key: value for key, value in case.items() if key != "name"}
            students.append((given, ability.expected(setting, case)))
        why = ability.why if isinstance(ability.why, str) else ""
        record = page.add(Question(students, why))
        places.append([number, -1, record.element("")])
    return page, places


def _key(path: Path, pictures: int) -> str:
    """Return what a page is made from, as a checksum."""
    made = hashlib.sha256(f"{pictures}".encode() + path.read_bytes() + Path(__file__).read_bytes())
    for source in sorted((ROOT / "zbudlab").rglob("*.*")):
        if source.suffix in {".py", ".js", ".css", ".html"}:
            made.update(source.read_bytes())
    return made.hexdigest()


def page_of(path: Path, pictures: int) -> dict[str, Any]:
    """Return a page: its `files` by name, the `kinds` of its views, and their `places`."""
    kept = KEPT / f"{path.stem}.json"
    key = _key(path, pictures)
    if kept.exists() and (found := json.loads(kept.read_text("utf-8")))["key"] == key:
        return dict(found)
    print(f"live pages: running {path.name}", flush=True)
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        read = recorded if path.parent.name == "notebooks" else questions
        page, places = read(json.loads(path.read_text("utf-8")), pictures)
    finally:
        os.chdir(before)
    files = {f"{path.stem}-{number}.js": text for number, text in page.rests().items()}
    files[f"{path.stem}.js"] = page.script()
    classes = list(dict.fromkeys(record.view for record in page.records))
    made = {"key": key, "files": files, "views": classes, "places": places}
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(made), "utf-8")
    return made


def main(folder: Path, notebooks: list[Path], pictures: int) -> None:
    """Write all files."""
    from zbudlab.view.standalone import page
    from zbudlab.view.standalone.kinds import KINDS

    folder.mkdir(parents=True, exist_ok=True)
    listed = {}
    for path in notebooks:
        made = page_of(path.resolve(), pictures)
        kinds = [KINDS[name] for name in made["views"]]
        scripts, later = page.scripts(kinds), page.later(kinds)
        for name, text in (scripts | later | made["files"]).items():
            (folder / name).write_text(text, "utf-8")
        if made["places"]:
            names = ["start.js", *scripts, f"{path.stem}.js"]
            page_name = path.resolve().relative_to(ROOT).with_suffix("").as_posix()
            listed[page_name] = {"scripts": names, "places": made["places"], "later": [*later]}
    (folder / "start.js").write_text(page.runtime(), "utf-8")
    (folder / "views.css").write_text(page.styles(list(KINDS.values())), "utf-8")
    (folder / "places.json").write_text(json.dumps(listed), "utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=24, help="drawn for the knobs of a view")
    parser.add_argument("folder", type=Path)
    parser.add_argument("notebooks", nargs="+", type=Path)
    given = parser.parse_args()
    main(given.folder, given.notebooks, given.pictures)
