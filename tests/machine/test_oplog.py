"""The log of a machine holds operations with their steps, and each page once.

Also tests `machine/logfile.py`.
"""

import numpy as np
import pytest

from zbudlab import history
from zbudlab.content import corpus
from zbudlab.machine import Machine, MachineError


class TestLog:
    def test_holds_operations_with_their_steps(self):
        machine = Machine(frames=64)
        process = machine.create_process(3)
        machine.touch(process, [0, 2])
        *_, touch, step = machine.log
        assert (touch.depth, touch.name, touch.arguments) == (0, "touch", [process, 0, 0, 2])
        assert touch.result == 2
        assert (step.depth, step.name) == (1, "memory.handle_mm_faults")

    def test_keeps_a_page_once(self):
        machine = Machine(frames=64)
        process = machine.create_process(8)
        machine.write(process, 0, np.tile(corpus.pages("text", 2), (4, 1)))
        assert len(machine.log.contents) == 2

    def test_stays_whole_when_a_number_is_refused(self, tmp_path):
        machine = Machine(frames=64)
        with pytest.raises(MachineError, match="handle must be"):
            machine.zbud_free(1 << 70)
        machine.zbud_alloc(10)
        machine.save_log(tmp_path / "log")
        assert history.rerun_to_end(tmp_path / "log").digest() == machine.digest()
