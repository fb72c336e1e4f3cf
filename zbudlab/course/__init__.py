"""The course: notebooks and exercises, their visible checks, and the grading of submissions.

In a notebook: `check`, `hint`, `rule`, `number`. An exercise is described in
`zbudlab.course.exercises`; what its checks do with a student's functions, in
`zbudlab.course.probes`; `zbudlab.course.grading` gives marks.
"""

from zbudlab.course.checking import check, hint, rule
from zbudlab.course.contract import number
from zbudlab.course.copying import copy_course, course_folders

__all__ = ["check", "copy_course", "course_folders", "hint", "number", "rule"]
