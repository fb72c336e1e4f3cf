"""The log of a machine as a trace."""

from zbudlab.machine import Machine
from zbudlab.traces.logs import LogReplay


def test_the_end_of_a_log_is_its_last_sample_however_full_the_samples_are(tmp_path):
    machine = Machine(frames=256)
    shell = machine.create_process(128)
    for page in range(128):
        machine.touch(shell, [page])
    machine.save_log(tmp_path / "log.npz")
    log = LogReplay(tmp_path / "log.npz", every=2)
    log.run()
    assert log.figures().last["event"] == 129
