"""The player in a real browser: slider, steps, events, inside a migration, and back; keys alone."""

import os

import pytest

from tests.browser.lab import DARK, LIGHT
from zbudlab.view.look import tokens

pytestmark = pytest.mark.browser

BOTH_AT_ONCE = "(root, names) => names.forEach((name) => root.querySelector(name).click())"

MACHINE = """
from zbudlab import Machine
from zbudlab.content import corpus
from zbudlab.view import Player
machine = Machine(frames=1024, max_pool_percent=30, pageblock_order=6)
processes = [machine.create_process(200) for _ in range(6)]
for seed, process in enumerate(processes):
    machine.write(process, 0, corpus.pages("mixed", 200, seed))
handles = [machine.zbud_alloc(size) for size in (1000, 500, 3000)]
for process in (1, 2, 4):
    machine.exit(processes[process])
machine.compact()
machine.free_pages(machine.alloc_pages(3))
player = Player(machine)
player
"""


@pytest.fixture(scope="module")
def story(lab):
    with lab.open([MACHINE]) as notebook:
        notebook.run_all()
        assert notebook.error_outputs() == []
        notebook.page.wait_for_selector(".zbl-player svg.pic")
        yield notebook


def player(story):
    return story.output(0).locator(".zbl-player")


def wait_for(story, condition):
    story.page.wait_for_function(
        f"(() => {{ const p = document.querySelector('.zbl-player'); return {condition}; }})()"
    )


def show(story, name):
    """Keep a picture of the page where one is asked for."""
    if folder := os.environ.get("ZBUDLAB_PICTURES"):
        story.page.screenshot(path=f"{folder}/{name}.png")


def test_goes_through_a_log_by_keys_alone(story):
    track = player(story).locator(".track")
    track.focus()
    for stop in range(1, 14):
        story.page.keyboard.press("ArrowRight")
        wait_for(story, f"p.dataset.stop === '{stop}'")
    assert "so zbud takes a fresh frame" in player(story).locator(".say").inner_text()
    assert story.ask("print(player.stop)").strip() == "13"
    story.page.keyboard.press("ArrowRight")
    wait_for(story, "p.dataset.stop === '14'")
    show(story, "alloc")
    story.page.keyboard.press("ArrowLeft")
    wait_for(story, "p.dataset.stop === '13'")


def test_finds_a_migration_and_steps_through_it(story):
    root = player(story)
    root.get_by_text("the whole log").click()
    root.get_by_label("event", exact=False).first.select_option("migration")
    root.get_by_role("button", name="go to the next event of this kind").press("Enter")
    wait_for(story, "p.dataset.stop === '19'")
    show(story, "compact")
    root.locator(".zbl-inside").press("Enter")
    wait_for(story, "p.dataset.part === '1'")
    seen = []
    for part in range(2, 14):
        root.get_by_role("button", name="one step forward").press("Enter")
        wait_for(story, f"p.dataset.part === '{part}'")
        seen.append(root.locator(".track .now").inner_text())
        if part == 6:
            show(story, "inside")
    assert seen == [
        "target", "lock", "count", "copy", "1st handle", "2nd handle", "LRU", "buddy list",
        "clear", "unlock", "free old", "done",
    ]  # fmt: skip
    root.locator(".zbl-inside").press("Enter")
    wait_for(story, "p.dataset.part === ''")


def test_plays_and_pauses(story):
    root = player(story)
    root.get_by_role("button", name="to the beginning").press("Enter")
    wait_for(story, "p.dataset.stop === '0'")
    root.locator(".zbl-play").press("Enter")
    wait_for(story, "Number(p.dataset.stop) > 1")
    root.locator(".zbl-play").press("Enter")
    wait_for(story, "p.querySelector('.zbl-play').textContent === 'Play'")


def test_every_click_counts_and_what_was_refused_stays_to_be_read(story):
    root = player(story)
    root.locator(".zbl-number").fill("19")
    story.page.keyboard.press("Enter")
    wait_for(story, "p.dataset.stop === '19'")
    root.get_by_role("button", name="one step back").evaluate(
        "b => { for (let i = 0; i < 5; i++) b.click() }"
    )
    wait_for(story, "p.dataset.stop === '14'")
    root.get_by_role("button", name="go to the previous event of this kind").click()
    root.get_by_text("no migration before this").wait_for()
    wait_for(story, "p.dataset.stale === '0'")
    story.page.wait_for_timeout(1000)
    assert root.locator(".zbl-error").inner_text() == "no migration before this"
    root.locator(".zbl-number").fill("19")
    story.page.keyboard.press("Enter")
    wait_for(story, "p.dataset.stop === '19'")
    root.evaluate(BOTH_AT_ONCE, [".zbl-inside", "[title='one step forward']"])
    wait_for(story, "p.dataset.part === '2'")


def test_follows_its_machine(story):
    story.ask("machine.reclaim(10); from zbudlab.view import updates; updates.refresh(machine)")
    wait_for(story, "p.querySelector('.zbl-stop').max === '22'")


def test_the_picture_follows_the_theme(story):
    colour = "p.querySelector('svg.pic rect[fill]:not([fill=none])').getAttribute('fill')"
    for theme, raised in (
        (DARK, tokens.colour("raised", "dark")),
        (LIGHT, tokens.colour("raised")),
    ):
        story.change_theme(theme)
        wait_for(story, f"{colour} === '{raised}'")


def test_all_frames_are_shown_when_asked_for(story):
    player(story).get_by_text("all page frames").click()
    story.page.wait_for_selector(".zbl-player .zbl-map[data-painted]")


def test_has_no_serious_fault_and_no_error(story):
    assert story.faults(".zbl-player") == []
    assert story.errors == []
