"""Measure the site's live pages in Chromium: when views answer, how smoothly a panel runs.

python -m benchmarks.livepages      prints figures; the pages are those that `make site` built
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from playwright.sync_api import Browser, sync_playwright

from tests.browser.lab import ROOT, chromium

SITE = ROOT / "build" / "site"
WINDOW = {"width": 1280, "height": 900}
FRAMES = 16_384  #: of the panel's machine
SECONDS = 5  #: in which animation frames are timed
WITHIN = 60_000  #: milliseconds until all views of a page answer
#: Notes when each live view answers, in milliseconds from the page's start.
WATCH = """
window.answers = {};
new MutationObserver((changes) => {
  for (const { target } of changes)
    if (target.dataset.liveState)
      answers[target.dataset.liveId ?? target.dataset.live] ??= performance.now();
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-live-state"] });
"""
ALL = (
    """() => [...document.querySelectorAll("[data-live]")].every((box) => box.dataset.liveState)"""
)
TIMES = """() => {
  const boxes = [...document.querySelectorAll("[data-live]")];
  const at = (box) => answers[box.dataset.liveId ?? box.dataset.live] ?? 0;
  const near = boxes.filter((box) => box.getBoundingClientRect().top < innerHeight);
  const last = (those) => Math.max(0, ...those.map(at));
  return { views: boxes.length, sight: last(near), all: last(boxes) };
}"""
#: Milliseconds between animation frames.
TICK = """(seconds) => new Promise((done) => {
  const times = [];
  const tick = (now) => {
    times.push(now);
    if (now - times[0] < 1000 * seconds) requestAnimationFrame(tick);
    else done(times.slice(1).map((time, i) => time - times[i]));
  };
  requestAnimationFrame(tick);
})"""


def live_pages() -> list[str]:
    """Return the site's pages with live views, by their paths."""
    found = [SITE / "index.html"]
    for folder in ("notebooks", "exercises"):
        found += sorted((SITE / folder).rglob("*.html"))
    return [str(path.relative_to(SITE)) for path in found if "data-live=" in path.read_text()]


def start(browser: Browser, name: str) -> dict[str, float]:
    """Open a page as a new reader does; return when its views answered (milliseconds)."""
    context = browser.new_context(viewport=WINDOW)  # type: ignore[arg-type]
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto((SITE / name).as_uri())
    page.wait_for_function(ALL, timeout=WITHIN)
    times: dict[str, float] = page.evaluate(TIMES)
    context.close()
    return times


def running_panel(browser: Browser, folder: Path) -> np.ndarray:
    """Return milliseconds between animation frames while a panel runs."""
    from zbudlab.view import Panel
    from zbudlab.view.standalone.page import alone

    path = folder / "panel.html"
    path.write_text(alone(Panel(frames=FRAMES, seed=0), "panel"), "utf-8")
    page = browser.new_page(viewport=WINDOW)  # type: ignore[arg-type]
    page.goto(path.as_uri())
    page.wait_for_selector('[data-live-state="ready"]')
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_timeout(1000)
    gaps: Any = page.evaluate(TICK, SECONDS)
    page.close()
    return np.array(gaps)


def main() -> int:
    """Print the figures with their goals, and how busy the computer was."""
    executable = chromium()
    if executable is None or not SITE.is_dir():
        print("livepages: needs Chromium and what `make site` builds")
        return 0
    before = psutil.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        print(
            "milliseconds until views answer (in sight: at most 1000)\nin sight    all  views  page"
        )
        for name in live_pages():
            times = start(browser, name)
            print("{sight:8.0f} {all:6.0f} {views:6}  {name}".format(name=name, **times))
        gaps = running_panel(browser, Path(folder))
        browser.close()
    middle, most = np.percentile(gaps, [50, 95])
    print(f"panel of {FRAMES:,} frames: an animation frame each {middle:.1f} ms (at most 16.7);")
    print(f"95 % within {most:.1f} ms, {len(gaps) / SECONDS:.0f} a second")
    print(f"{psutil.cpu_count()} processors; load before the start: {before:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
