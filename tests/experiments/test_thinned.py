"""The batch form of the experiment gives what its plain form gives."""

import pytest

from zbudlab.experiments import thinned
from zbudlab.experiments.thinned import KINDS, PATTERNS


def test_its_batch_form_gives_what_it_gives():
    points = [
        {"kind": kind, "frames": frames, "pattern": pattern, "freed": 0.5, "order": 3} | more
        for kind in KINDS
        for frames in (1024, 1088)
        for pattern in PATTERNS
        for more in ({"seed": 1}, {"seed": 2, "fill": 0.5})
    ]
    assert thinned.batch(points) == [thinned(**point) for point in points]


def test_movable_pages_leave_more_blocks():
    rows = [thinned(kind, frames=4096, order=5, seed=1) for kind in KINDS]
    processes, fixed, movable = (row["blocks_after"] for row in rows)
    assert fixed < movable <= rows[2]["blocks_ideal"]
    assert fixed < processes


@pytest.mark.parametrize(
    "wrong", [{"fill": 1.0}, {"freed": 2}, {"pattern": "x"}, {"kind": "x"}, {"fill": 0}]
)
def test_refused(wrong):
    with pytest.raises(ValueError, match=r"must be|do not fit"):
        thinned(**{"frames": 512, "seed": 0} | wrong)
