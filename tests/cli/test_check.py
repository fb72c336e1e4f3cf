"""`zbudlab check`: wrong files and numbers are refused in one sentence.

What it does with a notebook is tested in tests/course.
"""

from tests.cli.calls import refusal


def test_a_file_that_is_no_notebook_is_named(folder, capsys):
    (folder / "x.ipynb").write_text("{}")
    said = refusal(capsys, folder, "check", "x.ipynb")
    assert "cannot use x.ipynb: the file is JSON but" in said


def test_a_negative_variant_is_refused(folder, capsys):
    (folder / "x.ipynb").write_text("{}")
    said = refusal(capsys, folder, "check", "x.ipynb", "--variant", "-1")
    assert said == "zbudlab: --variant must be 0 or more, not -1"
