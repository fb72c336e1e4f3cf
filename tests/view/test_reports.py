"""Pictures of a refused request, and the answer as a notebook shows it."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from zbudlab import host
from zbudlab.host.zones import suitable_blocks
from zbudlab.layout import FRAME_FREE, MAX_ORDER
from zbudlab.mm.inspection import frame_kinds
from zbudlab.view import reports
from zbudlab.view.bundle import WIDGET_VIEW

REPORTS = json.loads(
    (Path(__file__).parents[1] / "data/reports/reports.json").read_text(encoding="utf-8")
)
TEXTS = {report["name"]: "\n".join(report["text"]) for report in REPORTS}


@pytest.fixture(scope="module")
def small():
    return host.why(TEXTS["sh_nommu_order_7"], layouts=2)


def blocks(machine):
    return machine.state.zone["nr_free"].tolist()


def test_the_machine_has_the_free_lists_of_the_report(small):
    machine = reports.zone_machine(small)
    usable = small.decisions[-1].usable
    assert blocks(machine) == usable[:MAX_ORDER]
    free = int(np.count_nonzero(frame_kinds(machine.state) == FRAME_FREE))
    assert free == small.decisions[-1].usable_free


def test_a_remedy_is_carried_out_on_the_machine():
    answer = host.why(TEXTS["arm_phone_order_3"], layouts=2)
    before = reports.zone_machine(answer)
    after = reports.zone_machine(answer, "compaction")
    assert suitable_blocks(blocks(before), 3) == 0
    assert suitable_blocks(blocks(after), 3) == answer.remedies[0].blocks[0] > 0


def test_other_remedies_are_refused(small):
    with pytest.raises(ValueError, match="only: compaction"):
        reports.zone_machine(small, "prayer")


def test_an_answer_shows_itself_as_a_live_map(small):
    data, about = small._repr_mimebundle_()
    assert WIDGET_VIEW in data
    assert data["text/plain"] == str(small)
    assert small.because in about["image/png"]["alt"]
    assert 'alt=""' not in data["text/html"]


@pytest.mark.parametrize("name", ["arm_cma_busy", "order_5_without_zones", "mips_empty_dma"])
def test_without_a_zone_to_draw_it_shows_what_there_is(name):
    answer = host.why(TEXTS[name])
    data, _ = answer._repr_mimebundle_()
    assert WIDGET_VIEW not in data
    assert ("image/png" in data) == bool(answer.decisions)
    assert data["text/plain"] == str(answer)
    with pytest.raises(ValueError, match="nothing to draw"):
        reports.zone_machine(answer)


def test_blocks_are_told_in_words(small):
    words = reports.block_values(small)
    assert f"{small.decisions[0].free} pages free" in words
    assert words in reports.key_values(small)


def inside(figure, width, height):
    """Return whether all text of a figure is within it, and no title reaches into another plot."""
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.findobj(Text) if text.get_text()]
    titles = [ax.title.get_window_extent() for ax in figure.findobj(Axes)]
    apart = all(not one.overlaps(other) for one, other in combinations(titles, 2) if one != other)
    return apart and all(
        box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1
        for box in boxes
    )


@pytest.mark.parametrize("nodes", [1, 4])
def test_all_words_of_the_picture_are_on_it(nodes):
    text = TEXTS["csky_cma"].replace("Normal", "Node 0 Normal")
    zones = [line for line in text.splitlines() if line.startswith("Node 0")]
    for node in range(1, nodes):
        text += "\n" + "\n".join(line.replace("Node 0", f"Node {node}") for line in zones)
    answer = host.why(text, layouts=2)
    assert len(answer.decisions) == nodes
    figure = reports.plot_answer(answer)
    FigureCanvasAgg(figure)
    assert inside(figure, *(figure.get_size_inches() * figure.dpi))


def test_every_layout_is_shown(small):
    axes = reports.plot_answer(small).findobj(Axes)
    dots = [line.get_xdata() for line in axes[-1].lines if line.get_marker() == "o"]
    assert [sorted(found) for found in dots] == [sorted(remedy.blocks) for remedy in small.remedies]


def test_without_zones_there_is_no_figure():
    answer = host.why(TEXTS["arm_cma_busy"])
    with pytest.raises(ValueError, match="no zones"):
        reports.plot_blocks(answer)
