"""The views that are live without a kernel: a line for each in `KINDS`."""

from typing import Any, NamedTuple


class Kind(NamedTuple):
    """How views of a class are live without a kernel.

    name: in the attribute `data-live`. record: a function of (view, page) in a module of this
    folder, as "module:function". It returns what the view's script needs, as JSON; the key `more`
    is loaded only when it is needed. scripts: files of this folder that answer the view. widgets:
    classes of `zbudlab.view` whose JavaScript is shown, as "module:Class". engine: the module of
    the machine that runs in the page (`page.MODULES`), if one does. later: a module that is loaded
    only when it is needed.
    """

    name: str
    record: str
    scripts: tuple[str, ...]
    widgets: tuple[str, ...]
    engine: str = ""
    later: str = ""


_PREDICTION, _MAP = "prediction:Prediction", "framemap:FrameMap"
#: By class of the view.
KINDS: dict[str, Kind] = {
    "Hero": Kind("hero", "asked:hero", ("hero.js",), ("hero:Hero",)),
    "Prediction": Kind("prediction", "asked:prediction", ("asked.js",), (_PREDICTION,)),
    "Gate": Kind("result", "asked:gate", ("asked.js",), (_PREDICTION, "gate:Gate")),
    "Practice": Kind("practice", "asked:practice", ("asked.js",), (_PREDICTION,)),
    "WrongStep": Kind("wrong step", "asked:wrong_step", ("asked.js",), (_PREDICTION,)),
    "Explorer": Kind("explorer", "choices:explorer", ("choices.js",), ("knob:Knob",)),
    "Controls": Kind("comparison", "choices:comparison", ("choices.js",), ("knob:Knob",)),
    "FrameMap": Kind("frame map", "maps:of_view", ("map.js",), (_MAP,)),
    "Question": Kind("question", "question:told", ("question.js",), ()),
    "Panel": Kind(
        "pressure panel",
        "panel:recorded",
        ("pressed.js", "panel.js"),
        ("panel:Panel",),
        engine="panel",
    ),
    "BeTheScheduler": Kind(
        *("scheduler", "scheduler:recorded"),
        *(("lanes.js", "scheduler.js"), ("scheduler:BeTheScheduler",)),
    ),
    "Player": Kind(
        *("player", "player:recorded"),
        *(("map.js", "player.js", "acts.js", "scene.js", "going_on.js"), ("player:Player", _MAP)),
        later="page",
    ),
}


def kind_of(view: Any) -> Kind | None:
    """Return how a view is live without a kernel; None if it cannot be."""
    return KINDS.get(type(view).__name__)
