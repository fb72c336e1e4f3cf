"""The landing page: complete by itself, and its machines are the engine's.

Also tests `view/look/machines.py`.
"""

import json
import re

import pytest

from scripts import landing, live
from zbudlab.view.standalone import kinds
from zbudlab.view.standalone import page as course

MACHINES = json.loads((landing.FOLDER / "machines.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def page():
    return landing.page()


@pytest.mark.slow
def test_its_machines_were_recorded_from_the_engine():
    assert landing.record() == MACHINES


def test_pages_of_the_course_do_not_write_over_its_scripts():
    every = list(kinds.KINDS.values())
    assert not live.FILES.keys() & {*course.scripts(every), *course.later(every)}


def test_asks_for_nothing(page):
    asked = re.findall(r"""(?:src|href)=["']([^"'#]+)""", page)
    assert not [name for name in asked if not name.startswith("data:") and ":" in name]
    assert "@import" not in page
    assert "url(" not in page


def test_leads_to_every_notebook_in_order(page):
    there = [
        f"notebooks/{path.stem}.html"
        for path in sorted((landing.ROOT / "notebooks").glob("*.ipynb"))
    ]
    found = re.findall(r'<a href="(notebooks/\w+\.html)">', page)
    assert list(dict.fromkeys(found)) == there  # the text leads to some of them, too


def test_has_a_card_for_each_machine(page):
    for machine in MACHINES:
        assert f"<b>{machine['name']}</b>" in page
        assert f"{machine['number']}<small> of {machine['of']}</small>" in page


def test_follows_the_theme():
    css = landing.theme("body")
    assert css.count("--paper:#ffffff") == 1
    assert css.count("--paper:#111418") == 2  # the system's choice, and the reader's
