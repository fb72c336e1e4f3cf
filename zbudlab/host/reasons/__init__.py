"""From a kernel's report of a refused request to the reason, and to what would have helped."""

from zbudlab.host.reasons.answer import Answer, why

__all__ = ["Answer", "why"]
