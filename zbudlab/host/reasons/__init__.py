"""From a kernel's report of a refused request to the reason, and to what would have helped."""

from zbudlab.host.reasons.answer import Answer, why
from zbudlab.host.reasons.logs import find_log

__all__ = ["Answer", "find_log", "why"]
