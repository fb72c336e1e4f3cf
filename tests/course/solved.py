"""The solutions' cells and functions, for tests that change them."""

import ast
import json
from functools import cache

from tests.course.handed_in import solution
from zbudlab.course.grading.notebook import cells_to_run, read, released


@cache
def cells(name):
    """What the grader runs of a solution."""
    return cells_to_run(read(json.dumps(solution(name)).encode()), released(name))


@cache
def functions(name):
    """The texts of a solution's functions by their names."""
    texts = {}
    for cell in cells(name):
        lines = [line for line in cell.splitlines() if " SOLUTION" not in line]
        text = "\n".join(lines)
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef):
                texts[node.name] = ast.get_source_segment(text, node)
    return texts
