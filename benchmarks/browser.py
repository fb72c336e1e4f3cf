"""Measure the live views in a real JupyterLab: from slider to picture, and paints per second.

python -m benchmarks.browser      prints figures; a slow computer fails nothing
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import psutil

from tests.browser.lab import Lab, Notebook, chromium, running

CHANGES = 60
PANEL = """
from zbudlab.view import Panel
panel = Panel(frames=65536, working_set=150)
panel.step(160)  # until memory is full and zswap works
panel
"""
MAP = """
import asyncio
from zbudlab import Machine
from zbudlab.view import FrameMap
machine = Machine(frames=1 << 20, page_bytes=False, log=False)
shown = FrameMap(machine, size=1024)

async def work(pages=20000):
    while True:
        for process in [machine.create_process(pages) for _ in range(8)]:
            machine.touch(process, range(pages), write=True)
            shown.update()
            await asyncio.sleep(1 / 60)  # as often as a screen can show
        for process in range(8):
            machine.exit(process)
            shown.update()
            await asyncio.sleep(1 / 60)

shown
"""
#: Milliseconds from each change of a slider to the animation frame after its picture.
WATCH = """slider => {
    const panel = slider.closest('.zbl-panel');
    window.delays = [];
    slider.addEventListener('input', () => {
        const began = performance.now();
        const before = panel.dataset.painted;
        const look = now => panel.dataset.painted === before
            ? requestAnimationFrame(look) : window.delays.push(performance.now() - began);
        requestAnimationFrame(look);
    });
}"""


def opened(notebook: Notebook) -> None:
    """Run the notebook until a map is painted."""
    notebook.run_all()
    ready = ".zbl-map[data-painted], .zbl-panel:not([data-painted='0'])"
    notebook.page.wait_for_selector(ready)
    notebook.page.wait_for_timeout(1000)


def slider_to_picture(lab: Lab) -> np.ndarray:
    """Return milliseconds from a key on a slider to the picture, for 65,536 frames."""
    with lab.open([PANEL]) as notebook:
        opened(notebook)
        slider = notebook.page.locator('[data-name="working_set"] input')
        slider.evaluate(WATCH)
        slider.focus()
        for change in range(CHANGES):
            notebook.page.keyboard.press("ArrowRight" if change % 20 < 10 else "ArrowLeft")
            notebook.page.wait_for_timeout(250)
        return np.array(notebook.page.evaluate("window.delays"))


def paints_per_second(lab: Lab, seconds: float = 5) -> float:
    """Return paints per second of a map of 2^20 cells that always changes."""
    with lab.open([MAP]) as notebook:
        opened(notebook)
        notebook.ask("task = asyncio.ensure_future(work())")
        painted = "Number(document.querySelector('.zbl-map').dataset.number)"
        notebook.page.wait_for_timeout(1000)
        before = notebook.page.evaluate(painted)
        notebook.page.wait_for_timeout(1000 * seconds)
        return (notebook.page.evaluate(painted) - before) / seconds


def table(delays: np.ndarray, paints: float) -> str:
    """Format what was measured next to its goal, a line each."""
    middle, most = np.percentile(delays, [50, 95])
    rows = (
        (f"slider to picture, 65,536 frames, median of {len(delays)}", middle, "ms", ""),
        ("slider to picture, 65,536 frames, 95 % within", most, "ms", "at most 100"),
        ("states painted per second, 2^20 cells", paints, "", "at least 25"),
    )
    return "\n".join("{:<52} {:6.0f} {:<3} {}".format(*row) for row in rows)


def main() -> int:
    """Print the figures with their goals, and how busy the computer was."""
    if chromium() is None:
        print("bench-browser: no Chromium here: install chromium to measure the live views")
        return 0
    before = psutil.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "lab") as lab:
        delays = slider_to_picture(lab)
        paints = paints_per_second(lab)
    print(table(delays, paints))
    print(f"{psutil.cpu_count()} processors; load before the start: {before:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
