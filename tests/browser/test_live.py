"""The site's live views: the engine in Chromium, opened from a file, by mouse and by keyboard."""

import gzip
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import landing
from zbudlab.history import History
from zbudlab.lessons import moving
from zbudlab.races.names import MOVING
from zbudlab.view import Player, hero
from zbudlab.view.standalone import going_on

ROOT = Path(__file__).resolve().parents[2]
MAP = '[data-live="frame map"]'
PHONE = {"width": 390, "height": 844}
MOST = 150 * 1024  #: bytes of scripts of a page, compressed by gzip
pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The landing page with the scripts that it asks for."""
    folder = tmp_path_factory.mktemp("live")
    command = [sys.executable, str(ROOT / "scripts" / "live.py"), str(folder / "live")]
    subprocess.run(command, check=True)
    (folder / "index.html").write_text(landing.page(), "utf-8")
    return folder


@pytest.fixture
def page(lab, folder):
    """The page, with everything live; errors and requests are kept."""
    page = lab.context.new_page()
    page.asked, page.errors = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto((folder / "index.html").as_uri())
    for name in ("hero", "frame map"):
        page.wait_for_selector(f'[data-live="{name}"][data-live-state="ready"]')
    yield page
    assert page.errors == []
    page.close()


def at_the_end(page):
    page.wait_for_function(
        f"(({{row, rows}}) => row === rows)(document.querySelector('{MAP}').dataset)"
    )


def summary(page):
    """The map in words, once it has painted the newest state."""
    page.evaluate("new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
    return page.locator(MAP).locator(".zbl-summary").inner_text()


def huge(page):
    return int(page.locator(MAP).get_by_role("status").first.inner_text())


def test_asks_for_its_own_files_only_and_they_are_small(page, folder):
    assert all(url.startswith(folder.as_uri()) or url.startswith("data:") for url in page.asked)
    scripts = (folder / "live").glob("*.js")
    assert sum(len(gzip.compress(script.read_bytes())) for script in scripts) <= MOST


def test_the_hero_moves_the_pages_that_were_recorded_natively(page):
    box = page.locator('[data-live="hero"]')
    box.get_by_role("button", name="Compact").click()
    box.get_by_text("one page stayed").wait_for()
    stuck = len(hero.story()["stuck"])
    assert f"{stuck} pages moved. 511 of 512" in box.locator(".say").inner_text()
    box.get_by_label("zbud pages can move").click()
    box.get_by_role("button", name="Compact").click()
    box.get_by_text("the block is whole").wait_for()
    assert box.locator(".big output").inner_text() == "1"
    box.get_by_role("button", name="start over").click()
    assert box.locator(".hero").get_attribute("data-state") == "start"


def test_the_map_runs_compacts_and_goes_back(page):
    box = page.locator(MAP)
    start = summary(page)
    box.get_by_role("button", name="Run", exact=True).click()
    at_the_end(page)
    before = huge(page)
    box.get_by_role("button", name="Compact").click()
    compacted = summary(page)
    assert huge(page) > before
    rows = int(box.get_attribute("data-rows"))
    slider = box.get_by_role("slider")
    slider.fill("100")
    assert box.get_attribute("data-row") == "100"
    slider.fill(str(rows))  # forwards again, through the same compaction
    assert summary(page) == compacted
    slider.fill("0")
    assert summary(page) == start


def test_a_driver_takes_a_range_of_the_cma_area_and_the_slider_takes_it_back(page):
    box = page.locator(MAP)
    box.get_by_label("zbud pages can move").click()
    box.get_by_role("button", name="start over").click()
    box.get_by_role("button", name="Run", exact=True).click()
    at_the_end(page)
    box.get_by_role("button", name="Compact").click()  # its targets are in the area
    full = summary(page)
    box.get_by_role("button", name="Driver takes 512 frames").click()
    box.get_by_text("The driver has 512 frames in a row").wait_for()
    assert re.search(r"\b[1-9]\d* pages moved out of its way", box.locator(".say").inner_text())
    taken = summary(page)
    box.get_by_role("slider").press("ArrowLeft")
    assert summary(page) == full
    box.get_by_role("slider").press("ArrowRight")
    assert summary(page) == taken
    box.get_by_role("button", name="Driver gives them back").click()
    box.get_by_text("gave its frames back").wait_for()
    assert box.get_by_role("button", name="Driver takes 512 frames").is_visible()


def test_the_recorded_script_is_left_and_a_page_moves_step_by_step(page):
    box = page.locator(MAP)
    assert box.get_by_role("button", name="Step into a move").is_disabled()
    box.get_by_label("zbud pages can move").click()
    for _ in range(12):
        box.get_by_role("button", name="Step", exact=True).click()
    row, rows = (int(box.get_attribute(name)) for name in ("data-row", "data-rows"))
    assert 0 < row < rows
    box.get_by_role("button", name="Step into a move").click()
    assert int(box.get_attribute("data-rows")) == row + 1  # the rest of the script is dropped
    names = []
    while (mover := box.get_by_role("button", name="Next: ")).count():
        names.append(mover.inner_text().removeprefix("Next: "))
        assert box.get_by_role("button", name="Compact").is_disabled()
        mover.click()
    assert names == list(MOVING)
    assert "the page is in frame" in box.locator(".say").inner_text()
    assert box.get_by_role("button", name="Compact").is_enabled()
    box.get_by_role("slider").press("ArrowLeft")  # back into the move
    assert box.get_by_role("button", name=f"Next: {MOVING[-1]}").is_visible()


def test_pages_allocated_as_movable_leave_more_huge_pages(page):
    box = page.locator(MAP)
    found = []
    for movable in (False, True):
        box.get_by_role("button", name="start over").click()
        if movable:
            box.get_by_label("zbud pages can move").click()
            box.get_by_role("button", name="start over").click()
        box.get_by_role("button", name="Run", exact=True).click()
        at_the_end(page)
        box.get_by_role("button", name="Compact").click()
        found.append(huge(page))
    assert found[1] > found[0]


def test_works_by_keyboard_and_shows_the_records_of_a_frame(page):
    box = page.locator(MAP)
    box.get_by_role("button", name="Step", exact=True).focus()
    page.keyboard.press("Enter")
    assert int(box.get_attribute("data-row")) > 0
    box.get_by_role("application").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    details = box.get_by_role("region", name="details of the frame")
    details.get_by_text("refcount").wait_for()


def test_has_no_serious_fault_of_accessibility(page):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context="main").response["violations"]
    assert [
        f"{each['id']}: {each['help']}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ] == []


def test_fits_a_phone(lab, folder):
    page = lab.context.new_page()
    page.set_viewport_size(PHONE)
    page.goto((folder / "index.html").as_uri())
    page.wait_for_selector(f'{MAP}[data-live-state="ready"]')
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    canvas = page.locator(f"{MAP} canvas").bounding_box()
    assert canvas["x"] + canvas["width"] <= PHONE["width"]
    page.close()


def test_without_webassembly_the_recorded_hero_stays(lab, folder):
    page = lab.context.new_page()
    page.add_init_script("delete window.WebAssembly")
    page.goto((folder / "index.html").as_uri())
    page.wait_for_selector('[data-live="hero"][data-live-state="failed"]')
    page.get_by_role("button", name="Compact").first.click()
    page.get_by_text("one page stayed").wait_for()
    page.close()


# --- a player that leaves its recording -----------------------------------------------------------


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A page with the player of notebook 06, as one file."""
    moved = moving.three_pages()
    moved.compact()
    path = tmp_path_factory.mktemp("player") / "player.html"
    path.write_text(Player(History(moved), stop=9).to_html(), "utf-8")
    return path


@pytest.fixture
def player(lab, alone):
    """The page, still at its recording."""
    page = lab.context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(alone.as_uri())
    page.wait_for_selector('[data-live="player"][data-live-state="ready"]')
    yield page
    assert page.errors == []
    page.close()


def leave(page):
    page.get_by_role("button", name="Go on live from here").click()
    page.locator("[data-going=live]").wait_for()


def heading(page, words):
    page.locator(".zbl-player .what", has_text=words).wait_for()


def said(page, words):
    page.locator(".zbl-player .say", has_text=words).wait_for()


def test_a_page_with_a_player_and_the_engine_is_small(alone):
    assert len(gzip.compress(alone.read_bytes())) <= MOST


def test_the_recording_is_left_inside_an_operation_and_a_page_moves_in_nine_steps(player):
    leave(player)
    said(player, "left the recording after operation 8")
    player.get_by_role("button", name="Move it step by step").click()
    heading(player, "step 1 of 9")
    for number in range(2, 10):
        player.get_by_role("button", name="one step forward").click()
        heading(player, f"step {number} of 9")
    said(player, "the move is over: the page is in frame 63")
    assert player.get_by_role("button", name="Compact").is_enabled()


def test_a_pin_between_two_steps_keeps_the_page_and_going_back_takes_it_back(player):
    leave(player)
    player.get_by_role("button", name="Move it step by step").click()
    heading(player, "step 1 of 9")
    player.get_by_role("button", name="Pin", exact=True).click()
    heading(player, "step 2 of 10")
    player.get_by_role("slider", name="step").press("End")
    said(player, "the page stays in frame 0")
    assert player.get_by_role("button", name="Unpin").is_enabled()
    player.get_by_role("button", name="to the beginning").click()
    player.get_by_role("button", name="whole operation").click()
    player.get_by_role("button", name="one step back").click()
    heading(player, "operation 8 of 9")
    assert player.get_by_role("button", name="Unpin").is_disabled()
    player.get_by_role("button", name="Compact").click()
    heading(player, "operation 9 of 9: compact()")
    said(player, "3 pages moved")


def test_a_frame_is_chosen_on_the_map_and_its_record_is_shown(player):
    leave(player)
    player.locator("summary", has_text="all page frames").click()
    player.get_by_role("application").focus()
    player.keyboard.press("ArrowRight")
    player.keyboard.press("Enter")
    player.get_by_role("region", name="details of the frame").get_by_text("refcount").wait_for()
    assert player.locator(".zbl-going").get_by_label("frame").input_value() == "1"
    assert "zbud" in player.locator(".zbl-going output").inner_text()


def test_the_recording_comes_back(player):
    leave(player)
    player.get_by_role("button", name="Compact").click()
    said(player, "pages moved")
    player.get_by_role("button", name="Back to the recording").click()
    player.get_by_role("button", name="one step forward").click()
    player.get_by_role("button", name="step inside").click()
    player.locator(".zbl-going", has_text=going_on.NOTES[0]).wait_for()
    assert player.locator(".zbl-player").get_attribute("data-stop") == "9"


def test_clicks_faster_than_the_engine_do_what_their_buttons_still_offer(player):
    leave(player)
    for name in ("Move it step by step", "Pin", "Unpin", "Back to the recording"):
        player.get_by_role("button", name=name, exact=True).evaluate(
            "button => { for (let i = 0; i < 20; i += 1) button.click(); }"
        )
    player.locator("[data-going=recorded]").wait_for()
    assert "".join(player.get_by_role("alert").all_inner_texts()) == ""
    leave(player)
    player.locator(".zbl-going").get_by_label("frame").fill("1.5")
    player.get_by_text("no such frame").wait_for()
    assert player.get_by_role("button", name="Pin", exact=True).is_disabled()


def test_a_live_player_fits_a_phone_by_touch_and_has_no_serious_fault(lab, alone):
    from axe_playwright_python.sync_playwright import Axe

    context = lab.context.browser.new_context(has_touch=True, is_mobile=True, viewport=PHONE)
    page = context.new_page()
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.goto(alone.as_uri())
        page.get_by_role("button", name="Go on live from here").tap()
        page.locator("[data-going=live]").wait_for()
        page.get_by_role("button", name="Move it step by step").tap()
        heading(page, "step 1 of 9")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        found = Axe().run(page, context="[data-live]").response["violations"]
        serious = [each for each in found if each["impact"] in ("serious", "critical")]
        assert [(each["id"], each["nodes"][0]["html"][:200]) for each in serious] == []
    context.close()
