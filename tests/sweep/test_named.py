"""Experiments by name: errors are reported with their place, modules come from the folder.

Also tests `sweep/sweepfile.py`.
"""

import sys

import pytest

from tests.sweep import samples
from zbudlab.sweep import SweepError
from zbudlab.sweep.named import check_arguments, experiment_named, import_from


@pytest.fixture(autouse=True)
def own_path(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


def test_a_function_is_found():
    assert experiment_named("tests.sweep.samples:product") is samples.product


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import sys\nsys.exit(0)\n", r"SystemExit: 0 \(g_for_this_test.py, line 2\)"),
        (
            "import sys\n\n\nsys.exit('no data')\n",
            r"SystemExit: no data \(g_for_this_test.py, line 4\)",
        ),
        ("1 / 0\n", r"ZeroDivisionError: division by zero \(g_for_this_test.py, line 1\)"),
        ("import no_such_module_at_all\n", r"ModuleNotFoundError: .*no_such_module_at_all.*line 1"),
        ("def f(:\n", "SyntaxError"),
        (
            "class E(BaseException): pass\nraise E('odd')\n",
            r"E: odd \(g_for_this_test.py, line 2\)",
        ),
        ("raise OSError('two\\nlines' * 999)\n", r"OSError: two linestwo [^\n]{250,290} \(g_for"),
        (
            "class E(Exception):\n    def __str__(self):\n        return 1 / 0\nraise E\n",
            r"E: its message cannot be shown \(g_for_this_test.py, line 4\)",
        ),
    ],
)
def test_failures_at_import_are_reported_with_their_place(tmp_path, text, said):
    (tmp_path / "g_for_this_test.py").write_text(text)
    with pytest.raises(SweepError, match=rf"importing 'g_for_this_test' failed with {said}"):
        import_from(tmp_path, "g_for_this_test:ex")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tests.sweep.samples:prodct", "has no such function; did you mean 'product'?"),
        ("tests.sweep.samples", "has no such function"),
        ("tests.sweep.samples:__doc__", "has no such function"),
        (":f", "failed with ValueError"),
        ("", "failed with ValueError"),
    ],
)
def test_names_of_nothing(name, said):
    with pytest.raises(SweepError) as refused:
        experiment_named(name)
    assert said in str(refused.value)


def test_modules_of_the_same_name_in_two_folders_are_kept_apart(tmp_path):
    for number, folder in enumerate(("one", "two")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same_name.py").write_text(
            "import same_helper\n\n\ndef ex(seed):\n    return {'n': same_helper.N}\n"
        )
        (tmp_path / folder / "same_helper.py").write_text(f"N = {number}\n")
    found = [import_from(tmp_path / name, "same_name:ex")(0) for name in ("one", "two", "one")]
    assert found == [{"n": 0}, {"n": 1}, {"n": 0}]


def test_a_module_next_to_zbudlab_does_not_load_zbudlab_anew(tmp_path):
    (tmp_path / "zbudlab").mkdir()
    (tmp_path / "zbudlab" / "__init__.py").write_text("")
    (tmp_path / "at_the_root.py").write_text(
        "import zbudlab\n\n\ndef ex(seed):\n    return {'file': zbudlab.__file__}\n"
    )
    import zbudlab

    assert import_from(tmp_path, "at_the_root:ex")(0)["file"] == zbudlab.__file__


@pytest.mark.parametrize("what", [5, None, "text", {}])
def test_what_is_no_function(what):
    with pytest.raises(SweepError, match="an experiment is a function"):
        check_arguments(what, ["seed"])


def test_arguments_that_do_not_fit():
    with pytest.raises(SweepError, match="missing a required argument: 'b'"):
        check_arguments(samples.product, ["a", "seed"])
