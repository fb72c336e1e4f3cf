"""No attack raises a mark, harms others, or ends without a clear line in the report."""

import csv
import hashlib
import json
import os
import re
import shutil
import socket
import sqlite3
from pathlib import Path

import psutil
import pytest
import tqdm

from tests.course import attacks
from tests.course.handed_in import ROOT, as_user, grade, marks, solution, untouched, with_cell
from zbudlab.course.contract import exercise
from zbudlab.course.grading.grader import COPIES

SOLUTION, UNTOUCHED = solution("e04_zbud"), untouched("e04_zbud")
POINTS = exercise("e04_zbud").points


def fingerprint(folder):
    """A hash of all files of a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(os.fsencode(path) + path.read_bytes())
    return digest.hexdigest()


def fill(folder, port, work):
    """Write every attack into a folder of submissions, and an honest one."""
    folder.mkdir()
    (folder / "honest.ipynb").write_text(json.dumps(SOLUTION), "utf-8")
    (folder / "copied-checks.ipynb").write_text(
        json.dumps(attacks.copied_checks(UNTOUCHED)), "utf-8"
    )
    (folder / "doubled.ipynb").write_text(json.dumps(attacks.duplicated(SOLUTION)), "utf-8")
    (folder / "renamed.ipynb").write_text(json.dumps(attacks.renamed(SOLUTION)), "utf-8")
    for attack in attacks.CODE:
        code = attack.code.format(root=str(ROOT), work=str(work), port=port)
        begun = solution if attack.solved else untouched
        text = json.dumps(with_cell(begun(attack.exercise), code))
        (folder / f"{attack.name}.ipynb").write_text(text, "utf-8")
    for name, (data, _) in attacks.files(UNTOUCHED, SOLUTION).items():
        (folder / name).write_bytes(data)
    name = os.fsdecode(b"no text \xff e04_zbud.ipynb")
    (folder / name).write_bytes(b"\xff")
    (folder / "linked.ipynb").symlink_to(ROOT / "solutions/e04_zbud/e04_zbud.ipynb")


def faults_of_code(found):
    """What is wrong with the report on attacks by code, a line each."""
    for attack in attacks.CODE:
        row = found[attack.name]
        line = f"{row['note']} {row['reasons']}"
        if row["earned"] != str(attack.earns):
            yield f"{attack.name} earned {row['earned']}: {line}"
        elif not re.search(attack.says, line):
            yield f"{attack.name} is reported as: {line}"


def faults_of_files(found):
    for name, (_, says) in attacks.files(UNTOUCHED, SOLUTION).items():
        row = next(row for row in found.values() if row["file"].startswith(name))
        if row["earned"] != "0" or not re.search(says, row["note"]):
            yield f"{name}: {row}"


def outside():
    """A hash of what no submission may change: solutions, and a library that the sandbox has."""
    return fingerprint(ROOT / "solutions"), fingerprint(Path(tqdm.__file__).parent)


def formulas(path, delimiter):
    """The cells of a CSV file that a spreadsheet takes for formulas."""
    with open(path, encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file, delimiter=delimiter) for cell in row]
    return [cell for cell in cells if cell.strip(' "\t')[:1] in {"=", "+", "-", "@"}]


@pytest.fixture(scope="module", params=["root", "ordinary user"])
def attacked(request, tmp_path_factory):
    """A folder in which all attacks were graded, and the report."""
    user = as_user(request.param)
    if shutil.which("bwrap") is None or user is None:
        pytest.skip("there is no bubblewrap, or no unshare")
    work = tmp_path_factory.mktemp("attacked")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        fill(work / "submissions", server.getsockname()[1], work)
        before = outside(), fingerprint(work / "submissions")
        done = grade(work, jobs=4, user=user)
        assert done.returncode == 0, done.stderr
        with pytest.raises(TimeoutError):
            server.accept()
    assert before == (outside(), fingerprint(work / "submissions"))
    return work, marks(work), done.stdout


@pytest.mark.isolation
@pytest.mark.slow
class TestNoAttack:
    def test_raises_a_mark_or_ends_without_a_clear_line(self, attacked):
        found = attacked[1]
        assert len(attacks.CODE) + len(attacks.files(UNTOUCHED, SOLUTION)) >= 30
        faults = [*faults_of_code(found), *faults_of_files(found)]
        assert not faults, "\n".join(faults)
        assert (found["linked"]["earned"], found["linked"]["note"]) == ("0", "a link, not a file")
        assert found["copied-checks"]["earned"] == "0"

    def test_costs_others_a_mark(self, attacked):
        for honest in ("honest", "doubled", "renamed"):
            assert attacked[1][honest]["earned"] == str(POINTS), attacked[1][honest]

    def test_leaves_anything(self, attacked):
        work = attacked[0]
        assert not (work / "grading" / "late").exists()
        assert not (work / "grading" / COPIES).exists()
        assert not list((work / "grading" / "verdicts").rglob("forged*"))
        lines = [(p, str(p.info["cmdline"])) for p in psutil.process_iter(["cmdline"])]
        assert [p for p, line in lines if str(work) in line] == []
        book = sqlite3.connect(work / "grading" / "gradebook.db")
        scores = book.execute("select count(*) from grade where manual_score is not null")
        assert scores.fetchone() == (0,)

    def test_tells_a_student_of_hidden_cases(self, attacked):
        pages = attacked[0] / "grading" / "feedback"
        for path in pages.glob("hidden_case_*.html"):
            assert not re.search("size was|exit code", path.read_text("utf-8")), path.name

    def test_gets_onto_a_page_or_into_a_spreadsheet(self, attacked):
        page = (attacked[0] / "grading/feedback/html_in_a_message.html").read_text("utf-8")
        assert "<script>" not in page
        assert "&lt;script&gt;" in page
        for delimiter in ",;\t":
            assert formulas(attacked[0] / "marks.csv", delimiter) == []

    def test_gets_to_a_terminal(self, attacked):
        assert not [c for c in attacked[2] if not c.isprintable() and c != "\n"]
