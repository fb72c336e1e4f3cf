"""The notebooks read as a course: their form, their names, their links, their words."""

import contextlib
import importlib
import io
import re
import statistics
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from scripts import site as site_builder
from zbudlab.lessons.practice import SUBJECTS

ROOT = Path(__file__).resolve().parent.parent
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ENDINGS = ("Summary", "Questions", "Where this is in Linux", "Further reading")
MOST_LINES, MEDIAN_LINES = 20, 5
#: Cells whose output is not compared, and why. All others are.
OWN_FILES = "the reader's own files"
OWN_TIMES = "times of the reader's own computer"
EXCUSED = {
    ("00_start_here", "lab.controls(PRESSURE, POOL)"): "sliders, with the seconds that a run took",
    ("00_start_here", "FILES = None"): OWN_FILES,
    ("05_zswap", "FILES = None"): OWN_FILES,
    ("10_what_became_of_it", "FILES = None"): OWN_FILES,
    ("01_pages", "copies = measure.copying(BATCHES)"): OWN_TIMES,
    ("01_pages", "reads = measure.strides(PLACES)"): OWN_TIMES,
    ("03_radix_tree", "found = measure.lookups(SIZES)"): OWN_TIMES,
}

PREDICTION = re.compile(r"(\w+ = )?Prediction\.sealed\(")
#: A result that waits for its prediction has its caption inside.
GATED = re.compile(r"^after\(", re.M)
#: A caption: a paragraph in italics.
CAPTION = re.compile(r"\*[^*\n](?:[^\n]*[^*\n])?\*(?:\n\n|$)")

every_notebook = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
#: A folded answer that can be run, and what it says it prints.
WORKED = re.compile(r"```python\n(.+?)```\n\nIt prints\n\n```text\n(.+?)```", re.S)
tweaked = pytest.mark.parametrize("path", PATHS[2:], ids=lambda path: path.stem)
mapped = pytest.mark.parametrize("path", PATHS[4:], ids=lambda path: path.stem)


def cells(path, kind):
    notebook = nbformat.read(path, as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def prose(path):
    return "\n\n".join(cell.source for cell in cells(path, "markdown"))


def first_line(path, cell):
    return path.stem, cell.source.splitlines()[0]


def headings(path):
    return re.findall(r"^(#+) (.+)$", prose(path), re.M)


class TestForm:
    @every_notebook
    def test_headings_go_down_one_level_at_a_time(self, path):
        levels = [len(marks) for marks, _ in headings(path)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(lower <= level + 1 for level, lower in pairwise(levels))

    @every_notebook
    def test_opens_with_what_how_long_and_what_for(self, path):
        first = cells(path, "markdown")[0].source
        for what in ("**What you will be able to do:**", "**Time:**", "**Needs:**"):
            assert what in first

    @every_notebook
    def test_ends_as_every_lesson_does(self, path):
        names = [name for _, name in headings(path)]
        assert [name for name in names if name in ENDINGS] == list(ENDINGS)
        assert "What is simplified" in names
        assert "**Exercise:**" in prose(path)
        questions = prose(path).split("## Questions")[1].split("**Exercise:**")[0]
        assert questions.count("<details>") == len(re.findall(r"^\d+\. ", questions, re.M)) >= 3

    @every_notebook
    def test_a_folded_answer_on_the_line_of_its_summary_is_html(self, path):
        """Until a blank line Markdown is not read there: its marks would be shown."""
        for answer in re.findall(r"</summary>(\S(?:(?!</details>|\n\n).)*)", prose(path), re.S):
            assert not re.search(r"`|\*\w|\]\(", answer), answer

    @every_notebook
    def test_asks_for_predictions_before_it_shows(self, path):
        asked = [cell for cell in cells(path, "code") if PREDICTION.match(cell.source)]
        assert len(asked) >= 2

    @every_notebook
    def test_the_source_of_a_prediction_does_not_show_its_answer(self, path):
        for cell in cells(path, "code"):
            assert "Prediction(" not in cell.source

    @every_notebook
    def test_the_first_screen_has_a_picture_or_a_thing_to_touch(self, path):
        """Below the heading and a few lines, in a cell whose source is folded."""
        notebook = nbformat.read(path, as_version=4)
        heading, picture = notebook.cells[:2]
        assert len(heading.source.split()) <= 75
        assert picture.metadata["jupyter"]["source_hidden"]
        page = picture.outputs[0]["data"]["text/html"]
        assert re.search(r"<(img|svg|canvas)\b", page)

    @every_notebook
    def test_links_to_the_help(self, path):
        opening = cells(path, "markdown")[0 if path != PATHS[0] else 1].source
        assert "[Keys and help](00_start_here.ipynb)" in opening or "Keys and help" in opening

    def test_the_first_notebook_is_short(self):
        words = re.findall(r"\S*\w\S*", re.sub(r"\]\([^)]*\)|<[^>]*>", "] ", prose(PATHS[0])))
        assert len(words) <= 900

    @tweaked
    def test_has_controls_to_tweak_pressure(self, path):
        code = "\n".join(cell.source for cell in cells(path, "code"))
        assert re.search(r"^(Explorer|Panel|compare_panels)\(|= Panel\(", code, re.M)

    @mapped
    def test_has_the_frame_map(self, path):
        code = "\n".join(cell.source for cell in cells(path, "code"))
        assert re.search(r"\b(FrameMap|Player|Panel)\(", code)

    @every_notebook
    def test_a_live_view_has_a_picture_and_words_for_readers_without_a_kernel(self, path):
        for cell in cells(path, "code"):
            if re.search(r"^(FrameMap|Player)\(|^(panel|pair)$", cell.source, re.M):
                shown = [o.data for o in cell.outputs if "text/html" in o.get("data", {})]
                assert all(re.search(r"<(img|svg)\b", data["text/html"]) for data in shown)
                assert all(len(data["text/plain"]) > 60 for data in shown)
                assert shown, cell.source

    @every_notebook
    def test_code_cells_are_calls(self, path):
        """The lines of a prediction are its question: prose, not counted."""
        code = [cell.source for cell in cells(path, "code")]
        lines = [
            len(list(filter(str.strip, source.splitlines())))
            for source in code
            if not PREDICTION.match(source)
        ]
        assert max(lines) <= MOST_LINES
        assert statistics.median(lines) <= MEDIAN_LINES

    @every_notebook
    def test_every_picture_has_a_caption_and_a_description(self, path):
        """The caption is in italics and gives the finding; key values are the description."""
        notebook = nbformat.read(path, as_version=4)
        for place, cell in enumerate(notebook.cells):
            outputs = cell.get("outputs", [])
            pages = [output.get("data", {}).get("text/html", "") for output in outputs]
            asked = cell.cell_type == "code" and re.search(
                r"^(\w+ = )?(Prediction\.sealed|Practice)\(", cell.source, re.M
            )
            if asked or not any("<img" in page for page in pages):
                continue
            if first_line(path, cell) in EXCUSED and "show(" not in cell.source:
                continue
            assert all(page.count("<img") == page.count('alt="') for page in pages)
            assert 'alt=""' not in "".join(pages)
            after = [c.source for c in notebook.cells[place + 1 : place + 2]]
            if GATED.search(cell.source) and "caption=" in cell.source:
                after = ["*A caption inside.*"]
            assert any(CAPTION.match(text) for text in after) or path == PATHS[0], cell.source
            texts = [o.get("text") or o["data"].get("text/plain", "") for o in outputs]
            assert any(texts), cell.source

    @pytest.mark.parametrize("path", PATHS[1:8], ids=lambda path: path.stem)
    def test_ends_with_practice(self, path):
        (used,) = re.findall(
            r'^Practice\("(\w+)"\)$', "\n".join(c.source for c in cells(path, "code")), re.M
        )
        assert used in SUBJECTS

    @every_notebook
    def test_no_caption_describes_its_picture(self, path):
        assert not re.search(r"\*The (figure|map|panel|player)s? shows?", prose(path))


class TestOutputs:
    @every_notebook
    def test_is_stored_with_its_outputs_and_without_errors(self, path):
        outputs = [o for cell in cells(path, "code") for o in cell.outputs]
        assert outputs
        assert not [o for o in outputs if o.output_type == "error"]

    def test_only_listed_cells_are_excused(self):
        found = {
            first_line(path, cell)
            for path in PATHS
            for cell in cells(path, "code")
            if "nbval-ignore-output" in cell.metadata.get("tags", [])
        }
        assert found == set(EXCUSED)

    @every_notebook
    def test_names_no_place_of_a_computer(self, path):
        assert not re.search(r"/home/|/root/|/tmp/|/Users/|C:\\\\", path.read_text("utf-8"))


@pytest.mark.parametrize(
    "path", [p for p in PATHS if WORKED.search(prose(p))], ids=lambda p: p.stem
)
def test_a_solution_in_the_text_prints_what_it_says(path):
    code = [cell.source for cell in cells(path, "code")]
    names: dict[str, object] = {}
    settings = next(source for source in code if re.search(r"^[A-Z, ]+ = ", source, re.M))
    exec(settings, names)  # imports, seeds and sizes
    exec("\n".join(source for source in code if source.startswith("def ")), names)
    for solution, said in WORKED.findall(prose(path)):
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(solution, names)
        assert printed.getvalue() == said


class TestNames:
    @every_notebook
    def test_links_inside_the_course_lead_somewhere(self, path):
        for target in re.findall(r"\]\(([^)#:]+)\)", prose(path)):
            assert (path.parent / target).exists(), target

    @every_notebook
    def test_files_of_the_project_are_there(self, path):
        for name in re.findall(
            r"`((?:zbudlab|docs|tests|exercises|experiments)/[^` ]*)`", prose(path)
        ):
            assert (ROOT / name).exists(), name

    @every_notebook
    def test_functions_and_modules_of_the_package_are_there_and_documented(self, path):
        code = "\n".join(cell.source for cell in cells(path, "code"))
        for module, names in re.findall(r"^from (zbudlab[\w.]*) import ([\w, ]+)$", code, re.M):
            for name in re.sub(r" as \w+", "", names).split(", "):
                loaded = importlib.import_module(module)
                if not hasattr(loaded, name):
                    loaded = importlib.import_module(f"{module}.{name}")
                value = getattr(loaded, name, loaded)
                assert isinstance(value, (int, dict, tuple)) or value.__doc__, f"{module}.{name}"

    @every_notebook
    def test_kernel_functions_come_with_their_file_and_version(self, path):
        table = prose(path).split("## Where this is in Linux")[1].split("\n## ")[0]
        rows = [line for line in table.splitlines() if line.startswith("| ")][2:]
        assert rows
        for row in rows:
            _, where, version = (cell.strip() for cell in row.strip("|").split("|"))
            assert re.search(r"`(mm|lib|include|/proc|/sys)", where), row
            assert re.search(r"\d\.\d+|patches", version), row


def test_words_are_spelt_right(tmp_path):
    """By codespell, which knows the common errors of English, in all that a reader reads."""
    for path in [*PATHS, *ROOT.glob("solutions/*/*.ipynb")]:
        (tmp_path / f"{path.stem}.md").write_text(prose(path), "utf-8")
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("solutions/*.md")]:
        (tmp_path / f"{path.parent.name}-{path.name}").write_bytes(path.read_bytes())
    command = [sys.executable, "-m", "codespell_lib", "-L", "bord", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout == ""
    assert done.returncode == 0


def test_the_reference_has_every_module_a_notebook_uses():
    used = {
        module
        for path in PATHS
        for cell in cells(path, "code")
        for module in re.findall(r"^from (zbudlab\.[\w.]+) import", cell.source, re.M)
    }
    listed = site_builder.public_modules()
    assert {name for name in used if name.count(".") > 1} <= set(listed)
    assert "alloc_pages" in site_builder.public_functions("zbudlab.machine") or listed
