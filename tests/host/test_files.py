"""Files recorded from a host, and recorded again."""

from zbudlab import host


def test_a_recording_of_a_recording_is_the_same(tmp_path):
    host.record(tmp_path / "copy", host.RECORDING)
    one, other = host.read(host.RECORDING), host.read(tmp_path / "copy")
    assert other.kinds.tolist() == one.kinds.tolist()
    assert {**one.as_dict(), "root": ""} == {**other.as_dict(), "root": ""}


def test_what_is_recorded_reads_the_same(root, tmp_path):
    copy = tmp_path / "copy"
    assert len(host.record(copy, root)) == 10
    assert host.read(copy).kinds.tolist() == host.read(root).kinds.tolist()
    one, other = host.read(root).as_dict(), host.read(copy).as_dict()
    assert {**one, "root": ""} == {**other, "root": ""}
