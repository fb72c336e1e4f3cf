"""What of a notebook runs, and notebooks that cannot be read."""

import json
import tracemalloc

import pytest

from tests.course.handed_in import (
    untouched,
    with_cell,
)
from zbudlab.course.grading.notebook import Unreadable, cells_to_run, read
from zbudlab.course.probes.cells import compiled, runnable


class TestNotebook:
    def test_only_what_is_the_students_runs_and_setup(self):
        release = read(json.dumps(untouched("e04_zbud")).encode())
        handed_in = with_cell(untouched("e04_zbud"), "mine = 1")
        cells = cells_to_run(read(json.dumps(handed_in).encode()), release)
        assert cells[0].startswith("from zbudlab.course import")
        assert cells[-1] == "mine = 1"
        assert not any("check(" in cell for cell in cells)

    def test_magics_of_ipython_are_left_out(self):
        assert runnable("%matplotlib inline\nx = 1\n!ls\nx?") == "pass\nx = 1\npass\npass"
        assert runnable("%%time\nx = 1") == "x = 1"
        assert runnable("%%bash\nrm x") == ""
        assert runnable("x = 5 % 3") == "x = 5 % 3"

    def test_python_that_looks_like_magic_is_run_as_it_stands(self):
        for source in (
            'def f():\n    """Is this right?\n\n    It is.\n    """\n    return 2\n\nx = f()',
            "x = (17\n     % 5)",
            'x = len("""\n!\n""") - 1',
            '%matplotlib inline\ndef f():\n    """Why?\n    So."""\n    return 2\n\nx = f()',
        ):
            names = {}
            exec(compiled(source, "cell"), names)
            assert names["x"] == 2
        with pytest.raises(SyntaxError):
            compiled("def f(:", "cell")

    def test_the_number_is_read_and_not_run(self):
        told = with_cell(untouched("e04_zbud"), "STUDENT = 4711  # mine")
        assert read(json.dumps(told).encode()).student == 4711
        told = with_cell(untouched("e04_zbud"), "STUDENT = __import__('os').getpid()")
        assert read(json.dumps(told).encode()).student == 0

    def test_what_is_not_used_of_a_notebook_is_not_kept(self):
        lists = json.loads("[" + "[]," * 200_000 + "[]]")
        output = {"output_type": "display_data", "data": {"image/png": "AAAA", "x/y": lists}}
        more = {"tags": ["a", lists], "nbgrader": {"grade_id": "mine", "x": lists, "grade": lists}}
        notebook = with_cell(untouched("e04_zbud"), "x = 1")
        notebook["cells"][-1] |= {"outputs": [lists, output, *lists], "metadata": more}
        data = json.dumps(notebook | {"more": lists}).encode()
        del lists, output, more, notebook
        tracemalloc.start()
        found = read(data)
        assert tracemalloc.get_traced_memory()[0] < 1 << 20
        tracemalloc.stop()
        last = found.cells[-1]
        assert last["outputs"] == [{"data": {"image/png": "AAAA"}}]
        assert last["metadata"] == {"tags": ["a"], "nbgrader": {"grade_id": "mine"}}

    def test_what_is_none_is_refused_in_a_sentence(self):
        with pytest.raises(Unreadable, match="JSON"):
            read(b"no")
