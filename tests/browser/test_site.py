"""The static site: complete, and served with everything outside blocked nothing is missed."""

import functools
import re
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import ImageColor

from scripts import site as builder
from tests.browser.lab import SERIOUS
from zbudlab.view.look import tokens

ROOT = Path(__file__).resolve().parents[2]
MODULES = ("zbudlab.machine", "zbudlab.mm.zbud", "zbudlab.sweep.intervals")  # a sample
pytestmark = [pytest.mark.browser, pytest.mark.slow]


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, built anew."""
    pytest.importorskip("sphinx", reason="no Sphinx here: pip install zbudlab[site]")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, str(ROOT / "scripts" / "site.py"), str(folder), *MODULES]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def address(site):
    """Where the site is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Silent, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_has_every_notebook_and_a_page_for_every_public_function_of_a_sample(site):
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert (site / "notebooks" / f"{path.stem}.html").is_file()
    missing = [
        f"{module}.{name}"
        for module in MODULES
        for name in builder.public_functions(module)
        if not (site / "api" / f"{module}.{name}.html").is_file()
    ]
    assert missing == []


def test_asks_for_nothing_from_outside_and_shows_its_pictures(lab, address):
    page = lab.context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.route(
        re.compile(r"^(?!http://127\.0\.0\.1)"), lambda route: route.abort("blockedbyclient")
    )
    for name in ("index", "notebooks/04_zbud", "notebooks/06_migration", "reference", "search"):
        page.goto(f"{address}/{name}.html", wait_until="load")
    outside = [url for url in asked if not url.startswith((address, "data:", "blob:"))]
    assert outside == []
    page.goto(f"{address}/index.html", wait_until="load")
    page.get_by_role("button", name="Compact").first.click()
    page.get_by_text("one page stayed").wait_for()
    for name in ("contents", "notebooks/04_zbud"):
        page.goto(f"{address}/{name}.html", wait_until="load")
        widths = page.evaluate("[...document.images].map(image => image.naturalWidth)")
        assert widths
        assert min(widths) > 0
    page.goto(f"{address}/search.html?q=zbud_migrate_page", wait_until="load")
    page.wait_for_selector("#search-results li a", timeout=20000)
    page.close()


PAGES = ("index", "contents", "notebooks/00_start_here", "notebooks/06_migration", "docs/install")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_has_no_serious_fault_in_either_theme(lab, address, theme):
    page = lab.context.new_page()
    page.emulate_media(color_scheme=theme)
    for name in PAGES:
        page.goto(f"{address}/{name}.html", wait_until="load")
        found = Axe().run(page).response["violations"]
        serious = [fault for fault in found if fault["impact"] in SERIOUS]
        assert [(f["id"], f["nodes"][0]["html"]) for f in serious] == [], name
    page.close()


def test_its_contents_fold_on_a_phone_and_nothing_scrolls_sideways(lab, address):
    page = lab.context.new_page()
    page.set_viewport_size({"width": 390, "height": 800})
    for name in PAGES:
        page.goto(f"{address}/{name}.html", wait_until="load")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
    contents = page.get_by_role("navigation", name="contents")
    assert not contents.is_visible()
    page.locator(".zb-nav summary").click()
    contents.get_by_role("link", name="06 Migration", exact=True).click()
    page.wait_for_url("**/06_migration.html")
    page.get_by_role("link", name="Compaction and CMA: ").last.click()
    page.wait_for_url("**/07_compaction_and_cma.html")
    page.close()


def test_a_chosen_theme_stays_from_page_to_page(lab, address):
    page = lab.context.new_page()
    page.emulate_media(color_scheme="light")
    page.goto(f"{address}/index.html", wait_until="load")
    page.get_by_role("button", name="Dark theme").click()
    paper = f"rgb{ImageColor.getrgb(tokens.colour('paper', 'dark'))}"
    for name in ("index", "notebooks/04_zbud"):
        page.goto(f"{address}/{name}.html", wait_until="load")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper
    page.get_by_role("button", name="Light theme").click()
    page.evaluate("localStorage.clear()")
    page.close()
