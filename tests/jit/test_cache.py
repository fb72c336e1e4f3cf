"""Compiled forms on disk: each is loaded for what it was compiled for. Also see test_compile.py."""

import pytest

from zbudlab.jit.cache import Files


@pytest.fixture
def files(tmp_path):
    """Make the files of one kernel, as each process that compiles it does."""
    return lambda stamp="source": Files(str(tmp_path), "buddy_list.list_add-12.py311", stamp)


def test_a_form_is_loaded_for_its_types_alone(files):
    files().save("pages", "code for pages")
    assert files().load("pages") == "code for pages"
    assert files().load("zspages") is None
    assert files("edited").load("pages") is None


def test_two_processes_that_save_at_once_do_not_mix_their_forms(files, monkeypatch):
    """Both choose a name before either writes it down; the second writes its data last."""
    first, second, late = files(), files(), []
    monkeypatch.setattr(second, "_save_data", lambda *given: late.append(given))
    dump = first._dump

    def dump_after_the_other(data):
        monkeypatch.setattr(first, "_dump", dump)
        second.save("zspages", "code for zspages")
        return dump(data)

    monkeypatch.setattr(first, "_dump", dump_after_the_other)
    first.save("pages", "code for pages")
    for each in late:
        Files._save_data(second, *each)
    assert files().load("pages") == "code for pages"
    assert files().load("zspages") == "code for zspages"


def test_a_disk_without_room_costs_only_the_cache(files, monkeypatch):
    def no_room(path):
        raise OSError(28, "No space left on device")

    full = files()
    monkeypatch.setattr(full, "_open_for_write", no_room)
    full.save("pages", "code for pages")
    assert files().load("pages") is None


def test_flushed_forms_are_gone(files):
    files().save("pages", "code for pages")
    files().flush()
    assert files().load("pages") is None
