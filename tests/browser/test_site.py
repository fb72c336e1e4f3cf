"""The static site: complete, and served with everything outside blocked nothing is missed."""

import functools
import gzip
import json
import os
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
MOST = 150 * 1024  #: bytes of a page's scripts, compressed by gzip
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


def live_pages(site):
    """The scripts of each page with live views."""
    places = json.loads((site / "live" / "places.json").read_text("utf-8"))
    return {page: made["scripts"] + made["later"] for page, made in places.items()}


def opened(lab, site, name, width=1280):
    """A page from disk, all of its live views ready; requests and errors are kept."""
    page = lab.context.new_page()
    page.set_viewport_size({"width": width, "height": 900})
    page.asked, page.errors = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto((site / f"{name}.html").as_uri(), wait_until="load")
    page.wait_for_function(
        "[...document.querySelectorAll('[data-live]')].every((box) => box.dataset.liveState)"
    )
    return page


def states(page):
    return page.evaluate(
        "[...document.querySelectorAll('[data-live]')]"
        ".map((box) => `${box.dataset.live}: ${box.dataset.liveState}`)"
    )


def turn(box):
    """Turn the first knob of a view."""
    before = box.get_attribute("data-place")
    knob = box.locator("input[type=range], select").first
    if knob.evaluate("(knob) => knob.tagName") == "SELECT":
        other = knob.evaluate("(knob) => (knob.selectedIndex ? 0 : 1)")
        knob.select_option(index=other)
    else:
        last = knob.evaluate("(knob) => knob.value === knob.max")
        knob.press("ArrowLeft" if last else "ArrowRight")
    box.page.wait_for_function(
        "([box, before]) => box.dataset.place !== before", arg=[box.element_handle(), before]
    )


def press(name, then):
    """Press a button of a view; what the view shows then."""

    def act(box):
        box.get_by_role("button", name=name, exact=True).first.click()
        box.locator(then).first.wait_for()

    return act


def step(box):
    before = box.locator(".zbl-player").get_attribute("data-stop")
    box.get_by_role("button", name="to the beginning").click()
    box.get_by_role(
        "button", name="step inside" if before == "0" else "one step forward"
    ).first.click()
    box.locator(".zbl-player:not([data-number='0'])").wait_for()
    if (live := box.get_by_role("button", name="Go on live from here")).count():
        live.click()  # loads the engine
        box.locator("[data-going=live]").wait_for()


def answer(box):
    box.get_by_label("Your answer").fill("-1")
    box.get_by_role("button", name="Check").click()
    box.get_by_text("-1 is not right").wait_for()


def walk(box):
    before = box.locator(".zbl-words").inner_text()
    box.get_by_role("application").press("ArrowRight")
    box.page.wait_for_function(
        "([words, before]) => words.innerText !== before",
        arg=[box.locator(".zbl-words").element_handle(), before],
    )


def travel(box):
    """Take two steps of the pressure panel, one of them back, and go to both by the slider."""
    first = repeated(box)
    press("Step", f".zbl-status:text-is('step {first + 1}')")(box)
    press("Step", f".zbl-status:text-is('step {first + 2}')")(box)
    box.get_by_role("button", name="Back", exact=True).click()
    box.locator(f".zbl-status:text-is('step {first + 1}')").wait_for()
    time = box.get_by_label("go back in time")
    for act, step in (("0", 0), (time.get_attribute("max"), first + 2)):
        time.fill(act)
        box.locator(f".zbl-status:text-is('step {step}')").wait_for()


def repeated(box):
    """How many steps of the notebook a pressure panel repeats when it opens; it waits for them."""
    count = int(box.get_attribute("data-repeats"))
    box.locator(f".zbl-status:text-is('step {count}')").wait_for()
    return count


def find_the_wrong_step(box):
    box.get_by_role("radio").first.check()
    box.get_by_role("button", name="Check").click()
    box.get_by_text("As it should be").wait_for()
    box.get_by_role("button", name="Another trace").click()
    box.page.wait_for_function("(box) => box.dataset.problem === '1'", arg=box.element_handle())


def lose_a_count(box):
    """Both processors read the counter before either writes; the mended code prevents that."""
    box.get_by_label("Level").select_option(index=0)
    news, hands = box.locator(".news"), box.locator(".hands button")
    for who in (0, 1, 0, 1):
        hands.nth(who).click()
    box.get_by_text("You broke it.").wait_for()
    assert "broken" in news.get_attribute("class")
    box.get_by_label("mended code").check()
    while (able := box.locator(".hands button:not([aria-disabled=true])")).count():
        able.last.click()
    box.get_by_text("nothing broke").wait_for()


CHANGES = {
    "scheduler": lose_a_count,
    "wrong step": find_the_wrong_step,
    "hero": press("Compact", ".hero:not([data-state=start])"),
    "prediction": press("show without predicting", ".card.locked"),
    "result": lambda box: box.locator(".gate").wait_for(state="hidden"),  # its predictions are open
    "practice": press("Another problem", "xpath=self::*[@data-problem='1']"),
    "explorer": turn,
    "comparison": turn,
    "frame map": walk,
    "player": step,
    "question": answer,
    "pressure panel": travel,
}


def test_every_live_view_answers_from_disk(lab, site):
    found = {}
    for name in ["index", *live_pages(site)]:
        page = opened(lab, site, name)
        boxes = page.locator("[data-live]")
        assert {state.split(": ")[1] for state in states(page)} == {"ready"}, name
        for at in range(boxes.count()):
            box = boxes.nth(at)
            kind = box.get_attribute("data-live")
            CHANGES.get(kind, lambda _: None)(box)
            found.setdefault(kind, set()).add(name)
        assert page.errors == [], name
        assert all(url.startswith((site.as_uri(), "data:")) for url in page.asked), name
        page.close()
    assert set(CHANGES) <= set(found)
    notebooks = {
        name for pages in found.values() for name in pages if name.startswith("notebooks/")
    }
    assert len(notebooks) >= 9


def test_live_pages_are_small_and_nothing_scrolls_sideways(lab, site):
    for name, scripts in live_pages(site).items():
        sizes = [len(gzip.compress((site / "live" / file).read_bytes())) for file in scripts]
        assert sum(sizes) <= MOST, name
        page = opened(lab, site, name, width=390)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_live_pages_have_no_serious_fault(lab, site, theme):
    """A minute and more, as each of the pages is looked at in each theme."""
    for name in live_pages(site):
        page = opened(lab, site, name)
        page.emulate_media(reduced_motion="reduce")  # no colour between two themes
        page.evaluate("(theme) => (document.documentElement.dataset.theme = theme)", theme)
        found = Axe().run(page, context="[data-live]").response["violations"]
        serious = [fault for fault in found if fault["impact"] in SERIOUS]
        assert [(f["id"], f["nodes"][0]["html"][:200]) for f in serious] == [], name
        page.close()


def test_live_views_work_by_touch_on_a_phone(lab, site):
    context = lab.context.browser.new_context(
        has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    page.goto((site / "notebooks/04_zbud.html").as_uri(), wait_until="load")
    box = page.locator('[data-live="frame map"][data-live-state=ready]').first
    box.locator("canvas").first.tap(position={"x": 20, "y": 20})
    box.get_by_role("region", name="details of the frame").wait_for()
    page.goto((site / "notebooks/08_under_pressure.html").as_uri(), wait_until="load")
    box = page.locator('[data-live="pressure panel"][data-live-state=ready]').first
    first = repeated(box)
    box.get_by_role("button", name="Step", exact=True).tap()
    box.locator(f".zbl-status:text-is('step {first + 1}')").wait_for()
    slider = box.locator(".zbl-controls input[type=range]").first
    before, size = slider.input_value(), slider.bounding_box()
    slider.tap(position={"x": 0.9 * size["width"], "y": size["height"] / 2})
    assert slider.input_value() != before
    canvas = box.locator("canvas.zbl-blocks")
    whole = canvas.bounding_box()["height"]
    canvas.tap(position={"x": 20, "y": 20})  # opens a block
    assert canvas.bounding_box()["height"] != whole
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_every_module_of_the_reference_can_be_read_without_the_compiler():
    """Sphinx reads the package with numba's compiler off."""
    code = "from scripts import site; [site.public_functions(m) for m in site.public_modules()]"
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, check=False)
    assert done.returncode == 0


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
