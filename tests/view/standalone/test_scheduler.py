"""The recorded game says and draws what the notebook's does, in every level and to every end."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from zbudlab.view import BeTheScheduler
from zbudlab.view.scheduler import LEVELS
from zbudlab.view.standalone import page as pages
from zbudlab.view.standalone.kinds import KINDS

UNDER_NODE = Path(__file__).with_name("game_under_node.mjs")
WALKS = 8  #: of each level, posted and mended


@pytest.fixture(scope="module")
def record():
    return pages.Page().add(BeTheScheduler(1))


def requests(view):
    """Walks through all levels, each to an end and one step back, as requests of the browser."""
    chance = random.Random(4)
    for level in range(len(LEVELS)):
        yield {"act": "choose", "level": level}
        for mended in (False, True):
            yield {"act": "mend", "mended": mended}
            for _ in range(WALKS):
                yield {"act": "restart"}
                yield from walk(view, chance)
                yield {"act": "undo"}
        yield {"act": "mend", "mended": False}
        yield from ({"act": "run", "who": who} for who in view.result.shortest.actors)


def walk(view, chance):
    """Random steps; the view answers each request before the next, and says which there are."""
    while able := [who for who, each in enumerate(view.shown["processors"]) if each["able"]]:
        yield {"act": "run", "who": chance.choice(able)}
    yield {"act": "run", "who": 0}


def test_every_level_is_recorded_and_those_not_shown_come_later(record):
    view = BeTheScheduler(1)
    assert record.data["opens"] == {"level": 1, "mended": False, "path": []}
    assert sorted(record.more) == [0, *range(2, len(LEVELS))]
    posted, mended = record.data["first"]
    assert len(posted["states"]) == view.explored(1, False).states
    assert mended["faults"] == []
    assert all(state["end"] <= 0 for state in mended["states"])


@pytest.mark.node
def test_it_answers_as_the_notebook_does(record):
    if shutil.which("node") is None:
        pytest.skip("there is no Node here")
    game = BeTheScheduler(1)
    asked, right = [], [json.loads(json.dumps(game.shown))]
    for request in requests(game):
        asked.append(request)
        game._handle_custom_msg(request, [])
        right.append(json.loads(json.dumps(game.shown)))
    files = ("start.js", *KINDS["BeTheScheduler"].scripts)
    code = "\n".join((Path(pages.__file__).parent / name).read_text("utf-8") for name in files)
    given = {"told": {**record.data, "more": record.more}, "asked": asked}
    done = subprocess.run(
        ["node", "--input-type=module", "-e", code + UNDER_NODE.read_text("utf-8")],
        input=json.dumps(given),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    for request, mine, theirs in zip([None, *asked], json.loads(done.stdout), right, strict=True):
        assert mine == theirs, request
    assert any(each["broken"] for each in right)
