"""The game: every level can be lost as posted, none once mended; counts and undo are right."""

import pytest

from zbudlab.races.names import FAULTS
from zbudlab.view import BeTheScheduler
from zbudlab.view.scheduler import LEVELS

#: The fault that each level is about.
KINDS = [
    "lost update",
    "moved under its mapper",
    "stale header",
    "reference from zero",
    "emptied page moved",
    "one page on two lists",
]


@pytest.fixture(scope="module")
def game():
    return BeTheScheduler()


def click(game, **message):
    game._handle_custom_msg(message, [])


@pytest.mark.parametrize("level", range(len(LEVELS)))
class TestEachLevel:
    def test_can_be_broken_as_it_says(self, game, level):
        game.choose(level)
        assert KINDS[level] in game.result.kinds
        for who in game.result.shortest.actors:
            assert "a bad one is still ahead" in game.news
            assert game.run(who)
        assert game.fault
        assert game.news.startswith("You broke it.")
        assert game.shown["broken"]
        assert not any(each["able"] for each in game.shown["processors"])

    def test_cannot_be_broken_once_mended(self, game, level):
        game.choose(level, mended=True)
        assert game.result.verdict == "clean"
        assert game.ahead == (game.result.schedules, 0)
        assert "breaks anything" in game.news
        while any(each["able"] for each in game.shown["processors"]):
            game.run(next(i for i, e in enumerate(game.shown["processors"]) if e["able"]))
        assert game.fault == 0
        assert "nothing broke" in game.news


def test_counts_what_is_left_and_undo_brings_it_back(game):
    game.choose(0)
    assert game.ahead == (6, 4)
    game.run(0)
    assert game.ahead == (3, 2)
    game.run(0)
    assert game.ahead == (1, 0)
    assert game.news == "One schedule is left, and it breaks nothing. Undo to find another way."
    game.undo()
    assert game.ahead == (3, 2)
    game.restart()
    assert game.path == []
    game.undo()
    assert game.path == []


def test_a_processor_that_waits_or_has_finished_cannot_run(game):
    game.choose(0, mended=True)
    game.run(0)
    assert [each["able"] for each in game.shown["processors"]] == [True, False]
    assert game.shown["processors"][1]["next"] == "lock_page (waits for a lock)"
    assert not game.run(1)
    assert not game.run(7)
    for _ in range(3):
        game.run(0)
    assert game.shown["processors"][0]["next"] == "has finished"


def test_the_browser_plays(game):
    click(game, act="choose", level=0)
    for who in (0, 1, 0, 1):
        click(game, act="run", who=who)
    assert FAULTS[game.fault][0] == "lost update"
    click(game, act="undo")
    assert game.path == [0, 1, 0]
    click(game, act="mend", mended=True)
    assert (game.path, game.mended) == ([], True)
    click(game, act="restart")
    assert game.mended


def test_levels_have_a_number():
    with pytest.raises(ValueError, match="level must be from 0 to 5, not 6"):
        BeTheScheduler(6)


def test_without_a_kernel_it_shows_the_level_and_the_steps(game):
    game.choose(1)
    game.run(0)
    data, _ = game._repr_mimebundle_()
    assert "zbud_map" in data["text/plain"]
    assert "Fault 1" in data["text/html"]
    assert "<svg" in data["text/html"]
