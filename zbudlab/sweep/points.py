"""Definitions that all modules of sweeps share: points, errors, hashes of values."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

Experiment = Callable[..., Mapping[str, Any]]
Point = dict[str, Any]  #: parameters and seed: the arguments of the experiment
SEED = "seed"
OWN = ("error", "seconds", "zbudlab")  #: columns that follow the results in every table
MOST_POINTS = 2_000_000  #: of one sweep; more would not fit in the memory of a small computer


class SweepError(ValueError):
    """An invalid sweep, or a file of another sweep."""


def canonical(value: Any) -> str:
    """Return JSON text that is the same for equal values; SweepError for values JSON lacks."""
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        text.encode()  # half a surrogate pair fits in no table
        return text
    except (TypeError, ValueError, RecursionError):
        raise SweepError(
            f"parameters are numbers, texts, true, false, None, or lists and tables of these, "
            f"not {value!r}"
        ) from None


def digest(text: str | bytes) -> str:
    """Return a short hash of a text."""
    data = text if isinstance(text, bytes) else text.encode()
    return hashlib.sha256(data).hexdigest()[:20]
