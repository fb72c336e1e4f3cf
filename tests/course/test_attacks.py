"""No attack raises a mark, harms anybody, or ends without a clear line in the report."""

import hashlib
import json
import os
import re
import shutil
import socket
import sqlite3

import psutil
import pytest

from tests.course import attacks
from tests.course.handed_in import ROOT, grade, marks, solution, untouched, with_cell
from zbudlab.course.contract import exercise

SOLUTION, UNTOUCHED = solution("e04_zbud"), untouched("e04_zbud")
POINTS = exercise("e04_zbud").points

needs_bwrap = pytest.mark.skipif(shutil.which("bwrap") is None, reason="there is no bubblewrap")


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
        text = json.dumps(with_cell(untouched(attack.exercise), code))
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


@needs_bwrap
@pytest.mark.isolation
@pytest.mark.slow
def test_no_attack_raises_a_mark_or_harms_anybody(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        fill(tmp_path / "submissions", server.getsockname()[1], tmp_path)
        before = fingerprint(ROOT / "solutions"), fingerprint(tmp_path / "submissions")
        done = grade(tmp_path, jobs=4)
        assert done.returncode == 0, done.stderr
        with pytest.raises(TimeoutError):
            server.accept()
    found = marks(tmp_path)
    assert len(attacks.CODE) + len(attacks.files(UNTOUCHED, SOLUTION)) >= 30
    faults = [*faults_of_code(found), *faults_of_files(found)]
    assert not faults, "\n".join(faults)
    assert (found["linked"]["earned"], found["linked"]["note"]) == ("0", "a link, not a file")
    assert found["copied-checks"]["earned"] == "0"
    for honest in ("honest", "doubled", "renamed"):
        assert found[honest]["earned"] == str(POINTS), found[honest]
    assert before == (fingerprint(ROOT / "solutions"), fingerprint(tmp_path / "submissions"))
    assert not (tmp_path / "grading" / "late").exists()
    assert not list((tmp_path / "grading" / "verdicts").rglob("forged*"))
    left = [p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in str(p.info["cmdline"])]
    assert left == []
    book = sqlite3.connect(tmp_path / "grading" / "gradebook.db")
    assert book.execute("select count(*) from grade where manual_score is not null").fetchone() == (
        0,
    )
    pages = tmp_path / "grading" / "feedback"
    for path in pages.glob("hidden_case_*.html"):
        assert not re.search("size was|exit code", path.read_text("utf-8")), path.name
    page = (pages / "html_in_a_message.html").read_text("utf-8")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
