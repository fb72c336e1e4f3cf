"""Zspages are drawn to scale, and only if they can be zspages."""

import re

import pytest

from zbudlab.view.feedback.states import sides
from zbudlab.view.feedback.zspages import picture

WHOLE = {"size": 2720, "group": 7, "frames": [3, 9], "objects": [1, 0, 2], "free": [1]}
QUARTERS = {"size": 1024, "group": 3, "frames": [5], "objects": [0, 0, 0, 4], "free": [2, 1, 0]}
MANY = [QUARTERS | {"frames": [frame], "objects": [frame, 0, 0, 0]} for frame in range(10, 30)]


def test_objects_are_to_scale_and_pages_have_edges():
    svg = picture(WHOLE)._repr_html_()
    left = [float(x) for x in re.findall(r'<rect x="([\d.]+)" y="4"', svg)]
    assert left == pytest.approx([0, 0, 2 * 2720 / 8192 * 520], abs=0.1)
    assert len(re.findall(r'stroke-width="2"', svg)) == 1
    assert repr(picture(WHOLE)) == ("2 pages: 2 of 3 places of 2720 bytes, group 7 (frames 3, 9)")


def test_only_the_zspage_that_differs_is_outlined():
    other = QUARTERS | {"group": 4}
    found = sides({"zspages": [WHOLE, QUARTERS]}, {"zspages": [WHOLE, other]})
    assert found.rows == []
    assert found.should.count('stroke-dasharray="7 4"') == 1
    assert found.yours.count("<svg") == 1
    assert "group 4" in found.yours


def test_of_many_only_those_that_differ_are_drawn():
    found = sides({"zspages": MANY}, {"zspages": [*MANY[:-1], MANY[-1] | {"group": 6}]})
    assert "and 19 that are the same" in found.should
    assert found.should.count("4 places") == 2  # the words and the description
    assert found.rows == []


def test_another_order_of_many_is_a_row():
    found = sides({"zspages": MANY}, {"zspages": MANY[::-1]})
    assert not found.should
    assert [row[0] for row in found.rows] == ["zspages"]


@pytest.mark.parametrize(
    "wrong",
    [
        7,
        {},
        WHOLE | {"size": 0},
        WHOLE | {"size": True},
        WHOLE | {"frames": []},
        WHOLE | {"objects": [1] * 300},
        WHOLE | {"objects": [-1]},
        WHOLE | {"frames": [1]},
        WHOLE | {"group": "full"},
    ],
)
def test_what_is_no_zspage_is_a_row(wrong):
    found = sides({"zspages": [WHOLE]}, {"zspages": [wrong]})
    assert not found.should
    assert [row[0] for row in found.rows] == ["zspages"]


def test_handles_that_lead_elsewhere_are_rows():
    found = sides(
        {"places": {"1": [2, 0], "2": [4, 1]}}, {"places": {"1": [2, 0], "2": [4, 2], "<": 9}}
    )
    assert found.rows == [
        ("handle 2", "frame 4, object 1", "frame 4, object 2"),
        ("handle <", "none", "9"),
    ]


def test_the_state_of_a_pool_in_a_machine_is_drawn():
    found = sides(
        {"zsmalloc pool": {"zspages": [WHOLE], "pages": 2}},
        {"zsmalloc pool": {"zspages": [QUARTERS], "pages": 1}},
    )
    assert found.should.count("<svg") == 1
    assert found.rows == [("pages of zsmalloc pool", "2", "1")]
