"""A recorded player answers as the notebook's does."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from zbudlab.history import KINDS, History
from zbudlab.machine import Machine
from zbudlab.view import Player
from zbudlab.view.standalone import page as pages
from zbudlab.view.standalone import player
from zbudlab.view.standalone.kinds import KINDS as KINDS_OF_VIEWS

UNDER_NODE = Path(__file__).with_name("player_under_node.mjs")


def machine():
    """A log of six operations, the last one moves a page."""
    made = Machine(frames=128, pageblock_order=4)
    for size in (1900, 700, 3000):
        made.zbud_alloc(size)
    made.zbud_free(2)
    made.rescan()
    made.compact()
    return made


@pytest.fixture(scope="module")
def view():
    return Player(History(machine()), stop=6)


@pytest.fixture(scope="module")
def recording(view):
    """What was recorded, and what the player showed before and after."""
    before = view.moment()
    told = pages.Page().add(view).data
    return told, before, view.moment()


@pytest.fixture
def told(recording):
    return recording[0]


def test_every_operation_and_every_part_of_a_move_is_recorded(view, told):
    assert len(told["wholes"]) == 7
    assert list(told["insides"]) == [6]
    view.go(6)
    view.inside(0)
    assert len(told["insides"][6]) == view.parts + 1
    assert told["opens"]["stop"] == 6
    assert set(told["events"]) == set(KINDS)


def test_a_moment_is_the_players_own(view, told):
    view.go(3)
    assert told["moments"][told["wholes"][3]] == view.moment()
    view.go(6)
    view.inside(4)
    assert told["moments"][told["insides"][6][4]] == view.moment()


def test_the_player_shows_afterwards_what_it_showed_before(recording):
    _, before, after = recording
    assert after == before


def test_a_log_that_is_too_long_is_refused():
    made = Machine(frames=128, page_bytes=False)
    for _ in range(player.MOST_OPERATIONS + 1):
        made.rescan()
    with pytest.raises(ValueError, match=f"at most {player.MOST_OPERATIONS} operations"):
        Player(made).to_html()


def requests(count):
    """Random requests, as the browser sends them; the player enters only what is recorded."""
    draw = random.Random(0)
    acts = [
        lambda: [{"act": "go", "stop": draw.randrange(7)}],
        lambda: [{"act": "step", "step": draw.choice((-2, -1, 1, 1, 2))}],
        lambda: [{"act": "go", "stop": 6}, {"act": "inside", "part": draw.randrange(30)}],
        lambda: [{"act": "outside"}],
        lambda: [{"act": "find", "kind": draw.choice(KINDS), "step": draw.choice((1, -1))}],
        lambda: [{"act": "pictures"}],
    ]
    asked = [request for _ in range(count) for request in draw.choice(acts)()]
    return [{"number": number, **request} for number, request in enumerate(asked, 1)]


@pytest.mark.node
@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node")
def test_random_requests_get_the_same_answers_as_from_python(view, told, tmp_path):
    asked = requests(60)
    scripts = pages.scripts([KINDS_OF_VIEWS["Player"]])
    script = tmp_path / "player.mjs"
    parts = [pages.runtime(), scripts["map.js"], scripts["player.js"]]
    script.write_text("\n".join([*parts, UNDER_NODE.read_text("utf-8")]), "utf-8")
    given = json.dumps({"told": told, "asked": asked})
    done = subprocess.run(["node", script], input=given, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    answers = []
    view.send = lambda message, buffers=None: answers.append(message)
    view.go(6)
    view.inside(told["opens"]["part"])
    answers.clear()
    for message in asked:
        view._asked(view, message, None)
    assert json.loads(done.stdout) == json.loads(json.dumps(answers))


def test_an_operation_that_is_recorded_as_a_whole_says_so(told):
    assert 3 not in told["insides"]
    assert told["not_inside"] == player.NOT_INSIDE
