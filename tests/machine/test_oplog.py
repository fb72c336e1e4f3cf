"""The log of a machine holds operations with their steps, and each page once.

Also tests `machine/logfile.py`. `machine/keyframes.py` is tested in `tests/history`.
"""

import numpy as np
import pytest

from zbudlab import history
from zbudlab.content import corpus
from zbudlab.machine import Machine, MachineError
from zbudlab.machine.oplog import LogError, OperationLog


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

    @pytest.mark.parametrize(
        ("name", "spoil"),
        [
            ("depth", lambda a: a[:-1]),
            ("depth", lambda a: a + 7),
            ("name", lambda a: a + 50),
            ("start", lambda a: a[::-1].copy()),
            ("start", lambda a: a + 1),
            ("result", lambda a: a[1:]),
            ("arguments", lambda a: a[:-2]),
        ],
    )
    def test_columns_that_do_not_fit_together_are_refused(self, tmp_path, name, spoil):
        machine = Machine(frames=64)
        machine.touch(machine.create_process(3), range(3))
        machine.save_log(tmp_path / "log")
        with np.load(tmp_path / "log") as file:
            arrays = dict(file)
        arrays[name] = spoil(arrays[name])
        with open(tmp_path / "bad", "wb") as file:
            np.savez(file, **arrays)
        with pytest.raises(LogError, match="is not a log of operations, or is damaged"):
            OperationLog.load(tmp_path / "bad")
