"""Checks of values from outside."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from zbudlab.io import files
from zbudlab.io.values import (
    Choice,
    Number,
    Truth,
    Whole,
    human,
    is_whole,
    shown,
    taken,
    whole_numbers,
)


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        (Whole(0, 9), 10, "x must be 0 to 9, not 10"),
        (Whole(0, 9), np.int8(-1), "x must be 0 to 9, not -1"),
        (Whole(0, 9), True, "x must be a whole number, not True"),
        (Whole(0, 9), None, "x must be a whole number, not None"),
        (Whole(0, 9), 3.0, "x must be a whole number, not 3.0"),
        (Number(0, 1), float("nan"), "x must be 0 to 1, not nan"),
        (Number(0, 1), np.float32(2), "x must be 0 to 1, not 2.0"),
        (Number(0, 1), "0.5", "x must be a number, not '0.5'"),
        (Number(0, 1), False, "x must be a number, not False"),
        (Truth(), 1, "x must be True or False, not 1"),
        (Truth(), None, "x must be True or False, not None"),
        (Choice(("a", "b")), "c", "x must be one of a, b, not 'c'"),
        (Choice(("a", "b")), ["a"], "x must be one of a, b, not ['a']"),
        (Choice(("a", "b")), np.array(["a", "b"]), "x must be one of a, b, not array(['a', 'b']"),
    ],
)
def test_a_value_of_another_kind_is_named(kind, value, why):
    assert kind.fault("x", value).startswith(why)
    with pytest.raises(LookupError) as refused:
        taken(kind, "x", value, LookupError)
    assert refused.value.args[0].startswith(why)


@pytest.mark.parametrize(
    ("kind", "value", "plain"),
    [
        (Whole(0, 9), np.uint8(9), 9),
        (Whole(0, 9, optional=True), None, None),
        (Number(0, 1), np.float64(0.5), 0.5),
        (Number(0, 1), 1, 1),
        (Truth(), np.True_, True),
        (Truth(optional=True), None, None),
        (Choice(("a",)), "a", "a"),
    ],
)
def test_a_value_of_the_kind_comes_back_as_pythons_own(kind, value, plain):
    found = taken(kind, "x", value, ValueError)
    assert found == plain
    assert type(found) is type(plain)


def test_a_long_or_broken_repr_is_cut():
    class Broken:
        def __repr__(self):
            raise SystemError

    assert len(shown("x" * 1000)) == 60
    assert shown(1 << 20000) == "an integer of 20001 bits"
    assert shown(Broken()) == "an object of type Broken"
    assert shown("\ud800") == r"'\ud800'"
    assert "\n" not in shown(np.zeros((5, 5)))


def test_whole_numbers_become_one_array():
    for values in (range(3), [0, 1, 2], (0, 1, 2), np.arange(3, dtype=np.uint64)):
        found = whole_numbers("x", values, ValueError, 0, 2)
        assert found.dtype == np.int64
        assert found.tolist() == [0, 1, 2]
    assert not len(whole_numbers("x", [], ValueError))
    assert not len(whole_numbers("x", range(0), ValueError))


def test_booleans_are_no_integers():
    assert is_whole(np.int16(3))
    assert not is_whole(True)
    assert not is_whole(np.True_)


def test_sizes_as_text():
    assert [human(n) for n in (5, 4096, 3 << 20, 5 << 30)] == [
        "5 bytes",
        "4 KiB",
        "3 MiB",
        "5.0 GiB",
    ]


def test_memory_is_what_the_process_may_still_take(monkeypatch):
    resource = pytest.importorskip("resource")
    import psutil

    monkeypatch.setattr(resource, "getrlimit", lambda which: (1 << 40, 1 << 40))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1 << 50))
    used = SimpleNamespace(memory_info=lambda: SimpleNamespace(vms=1 << 30))
    monkeypatch.setattr(psutil, "Process", lambda: used)
    assert files.host_memory() == (1 << 40) - (1 << 30)

    def no_proc():
        raise psutil.NoSuchProcess(2)

    monkeypatch.setattr(psutil, "Process", no_proc)
    assert files.host_memory() == 1 << 50
    monkeypatch.setattr(resource, "getrlimit", lambda which: (resource.RLIM_INFINITY,) * 2)
    assert files.host_memory() == 1 << 50


class TestReadable:
    """A device is no file: /dev/zero has no end."""

    def test_a_device_or_folder_is_refused(self, tmp_path):
        with pytest.raises(files.InputError, match=r"cannot read .*: it is a folder"):
            files.read_text(tmp_path)
        with pytest.raises(FileNotFoundError):
            files.read_text(tmp_path / "nothing")
        if Path("/dev/zero").exists():
            with pytest.raises(files.InputError, match="/dev/zero: it is a device or socket"):
                files.read_text("/dev/zero")

    def test_odd_bytes_are_replaced(self, tmp_path):
        (tmp_path / "odd").write_bytes(b"a\xff")
        assert files.read_text(tmp_path / "odd") == "a\ufffd"
