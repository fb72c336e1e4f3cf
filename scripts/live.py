"""Make what the site's live views need: the engine with its module, and a script for each view.

python scripts/live.py FOLDER

It runs in a separate process, as the site is built with numba's compiler off. Nothing in the files
is written twice: views are the notebook's own scripts, operations run in the engine's module.
"""

import base64
import gzip
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "site" / "live"
MAP_FRAMES, MAP_SIZE = 4096, 512
MAP_CMA = 1024  #: frames of the CMA area
PROGRAMS, PAGES = 28, 64  #: of the recorded workload, and pages of each
OBJECTS = 2200  #: compressed pages that it stores
ENDING = 18  #: programs that end
STEP = 25  #: operations per animation frame
SEED = 2013
WORDS = {
    "start": "Memory is empty. Run programs that fill it and store compressed pages in zbud.",
    "middle": "Programs start, touch their pages, and store compressed ones in zbud.",
    "end": "Most programs ended. Compact, then let zbud pages move and compact again.",
}


def packed(data: Any) -> str:
    """Return bytes as text that the page unpacks."""
    return base64.b64encode(gzip.compress(bytes(data), 9, mtime=0)).decode()


def plain(data: Any) -> str:
    """Return bytes as base64."""
    return base64.b64encode(bytes(data)).decode()


def engine() -> str:
    """Return the script of the engine, with its module."""
    from zbudlab.view.standalone import page

    return page.engine() + page.module("page")


def runtime() -> str:
    """Return the script that all pages with live views have."""
    from zbudlab.view.standalone import page

    return page.runtime()


def _script(name: str, files: str, own: str, given: dict[str, Any]) -> str:
    """Return the script of a view: its files, our part, and its data."""
    data = f"zbudlab.given[{json.dumps(name)}] = {json.dumps(given)};"
    text = (SOURCES / own).read_text("utf-8")
    return f"(() => {{\n{data}\n{files}\n{text}\n}})();\n"


def hero() -> str:
    """Return the script of the hero."""
    from zbudlab.lessons import stubborn
    from zbudlab.view.assets import drawn
    from zbudlab.view.standalone.acts import operations
    from zbudlab.wasm.image import image

    made = image(stubborn.machine(series=True))
    given = {
        "image": packed(made.data),
        "description": made.description,
        "shown": list(stubborn.SHOWN),
        "operations": operations(),
    }
    files = drawn("hero/story.js", "hero/stage.js", "hero/hero.js")
    return _script("hero", files, "hero.js", given)


def workload() -> np.ndarray:
    """Return the recorded workload as a script, int64 (n, 3)."""
    from zbudlab.experiments import script

    draw = np.random.Generator(np.random.PCG64(SEED))
    born = script.rows(script.CREATE_PROCESS, np.full(PROGRAMS, PAGES))
    born = np.concatenate([script.rows(script.MOVABLE, 0), born])
    programs = np.repeat(np.arange(PROGRAMS), PAGES)
    touches = script.rows(script.TOUCH, programs, np.tile(np.arange(PAGES), PROGRAMS))
    stores = script.rows(script.ZBUD_ALLOC, draw.integers(700, 3300, OBJECTS))
    filling = np.concatenate([touches, stores])
    order = draw.permutation(len(filling))
    pages = np.flatnonzero(order < len(touches))  # each program touches its pages in order
    order[pages] = np.sort(order[pages])
    draw.shuffle(order)
    places = len(born) + np.flatnonzero(order >= len(touches))
    freed = draw.permutation(places)[: OBJECTS * 3 // 4]
    ending = script.rows(script.EXIT, draw.permutation(PROGRAMS)[:ENDING])
    return np.concatenate([born, filling[order], script.rows(script.ZBUD_FREE, freed), ending])


def frame_map() -> str:
    """Return the script of the frame map with its workload."""
    from zbudlab.experiments import script
    from zbudlab.machine import Machine
    from zbudlab.view.framemap import FrameMap
    from zbudlab.view.standalone import acts
    from zbudlab.view.standalone.page import own_file
    from zbudlab.wasm.image import image

    rows = workload()
    script.check(rows)
    machine = Machine(frames=MAP_FRAMES, cma_pages=MAP_CMA, page_bytes=False, log=False)
    machine.set_zbud_movable(False)
    made = image(machine, processes=PROGRAMS, pages=PROGRAMS * PAGES, objects=OBJECTS)
    view = FrameMap(machine, size=MAP_SIZE)
    given = _shown(view) | acts.told()
    given |= {
        "image": packed(made.data),
        "description": made.description,
        "rows": rows.tolist(),
        "step": STEP,
        "words": WORDS,
    }
    files = str(view._esm).replace("export default", "const frameMap =") + own_file("acts.js")
    return _script("frame map", files, "map.js", given)


def _shown(view: Any) -> dict[str, Any]:
    """Return how a map looks: its legend, colours and the places of its cells."""
    return {
        "look": view.look,
        "size": view.size,
        "legend": plain(view.legend),
        "colours": {theme: plain(colours) for theme, colours in view.colours.items()},
        "grids": [_grid(view, name) for name in ("blocks", "hilbert", "linear")],
    }


def _grid(view: Any, layout: str) -> dict[str, Any]:
    """Return the message with which a map places its cells."""
    sent: list[tuple[dict[str, Any], Any]] = []
    view.send = lambda message, buffers: sent.append((message, buffers))
    view._begin(layout)
    message, buffers = next(each for each in sent if each[0]["kind"] == "grid")
    return message | {"places": plain(buffers[0])}


def styles() -> str:
    """Return the style sheet of live views."""
    from zbudlab.view.framemap import FrameMap

    return f"{FrameMap._css}\n{(SOURCES / 'live.css').read_text('utf-8')}"


#: What makes each file. Pages of the course write theirs into the same folder.
FILES = {
    "start.js": runtime,
    "landing-engine.js": engine,
    "landing-hero.js": hero,
    "landing-map.js": frame_map,
    "live.css": styles,
}


def main(folder: Path) -> None:
    """Write all files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in FILES.items():
        (folder / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main(Path(sys.argv[1]))
