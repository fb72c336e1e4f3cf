"""`zbudlab check`: wrong files and numbers are refused in one sentence.

What it does with a notebook is tested in tests/course.
"""

import json

import pytest

from tests.cli.calls import answer, refusal
from zbudlab import course


def test_a_file_that_is_no_notebook_is_named(folder, capsys):
    (folder / "x.ipynb").write_text("{}")
    said = refusal(capsys, folder, "check", "x.ipynb")
    assert "cannot use x.ipynb: the file is JSON but" in said


@pytest.mark.parametrize("cells", [[], ["def size_to_chunks(size):\n    return 1"]])
def test_a_notebook_without_the_functions_loses_points_and_no_more(folder, capsys, cells):
    code = [{"cell_type": "code", "metadata": {}, "source": cell} for cell in cells]
    notebook = {"cells": code, "metadata": {"zbudlab": {"exercise": "e04_zbud"}}}
    (folder / "x.ipynb").write_text(json.dumps(notebook))
    status, out, err = answer(capsys, "check", "x.ipynb")
    assert status == 1
    assert out.startswith("e04_zbud: 0 of ")
    assert "there is no zbud_alloc" in out
    assert "Traceback" not in out + err


@pytest.mark.parametrize("command", ["check", "grade"])
def test_a_negative_variant_is_refused(folder, capsys, command):
    (folder / "x.ipynb").write_text("{}")
    said = refusal(capsys, folder, command, "x.ipynb", "--variant", "-1")
    assert said == "zbudlab: variant must be 0 or more, not -1"


def test_a_negative_variant_is_refused_by_every_function_of_the_course():
    for call in (course.rule, course.check, lambda *of, **so: course.hint(*of, "chunks", **so)):
        with pytest.raises(ValueError, match="variant must be 0 or more, not -1"):
            call("e04_zbud", variant=-1)
