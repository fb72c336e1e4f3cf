"""The bank of attacks on marks: code that a student might put into a cell, and files that are none.

Each is to end in a clear line of the report (`says`, a pattern), to earn nothing it should not, and
to do no harm. {root}, {work}, {port} are the checkout, the folder graded in and a port that
listens, so that an attack which gets out finds what it is after.
"""

from tests.course.attacks import finding, patching, reaching, resources, rights
from tests.course.attacks.files import (
    FORMGRADER_JS_LINK,
    copied_checks,
    duplicated,
    files,
    renamed,
)

CODE = [*resources.CODE, *reaching.CODE, *patching.CODE, *finding.CODE, *rights.CODE]

__all__ = ["CODE", "FORMGRADER_JS_LINK", "copied_checks", "duplicated", "files", "renamed"]
