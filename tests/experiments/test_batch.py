"""Scripts in one compiled call do what a Machine does with the same operations."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.experiments.scripts_by_hand import by_hand, config, random_script
from zbudlab.experiments import batch
from zbudlab.experiments import script as ops
from zbudlab.jit import uncompiled
from zbudlab.machine import Machine


@st.composite
def scripts(draw):
    """Random operations on one machine that stay well above the watermarks; exits come last."""
    rng = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    return random_script(rng, draw(st.integers(5, 120)))


class TestScripts:
    @settings(max_examples=30)
    @given(st.lists(scripts(), min_size=1, max_size=3), st.sampled_from(["plain", "series"]))
    def test_results_are_those_of_machines(self, several, zbud):
        found = batch.Batch(config(zbud)).run(several)
        for script, results in zip(several, found, strict=True):
            assert results.tolist() == by_hand(script, Machine(config(zbud)))

    def test_plain_python_gives_the_same(self):
        script = np.concatenate(
            [
                ops.rows(ops.ZBUD_ALLOC, np.full(30, 2500)),
                ops.rows(ops.ZBUD_FREE, np.arange(0, 30, 2)),
                ops.rows(ops.COMPACT, -1, 1),
                ops.rows(ops.ASK, 3),
            ]
        )
        compiled = batch.Batch(config()).run([script, script])
        with uncompiled(["interpreter.run_scripts", "interpreter._on_zone"]):
            plain = batch.Batch(config()).run([script, script])
        assert np.array_equal(compiled, plain)
        assert np.array_equal(compiled[0], compiled[1])
