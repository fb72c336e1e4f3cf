"""nbgrader's settings: solutions/ is the source, exercises/ what is handed out, grading/ the rest.

Marks come from `zbudlab grade`, which lets no student's code near the gradebook. nbgrader's own
autograding would, so it finds no kernel here.
"""

from pathlib import Path

import nbgrader

ROOT = Path(__file__).resolve().parent

c = get_config()  # noqa: F821  (nbgrader defines it)
c.CourseDirectory.course_id = "zbudlab"
c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.feedback_directory = "grading/feedback"
c.CourseDirectory.db_url = f"sqlite:///{ROOT}/grading/gradebook.db"
c.Exchange.root = str(ROOT / "grading/exchange")
c.ExecutePreprocessor.kernel_name = "marks-come-from-zbudlab-grade"
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError  # your code here"}
# Our template comes first: nbgrader's would load MathJax from a foreign host.
c.HTMLExporter.extra_template_basedirs = [
    str(ROOT / "zbudlab/course/grading/templates"),
    str(Path(nbgrader.__file__).parent / "server_extensions/formgrader/templates"),
]
