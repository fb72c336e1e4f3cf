"""The options --cma and --cma-pages: the CMA area of the machines of a command."""

import argparse
from typing import Any


def cma_area(options: argparse.Namespace, frames: int, default: int | None) -> dict[str, Any]:
    """Return the settings of the CMA area that --cma or --cma-pages gives, or the default size."""
    if options.cma is not None:
        if options.cma_pages is not None:
            raise ValueError("--cma and --cma-pages both set the CMA area: give one of them")
        from zbudlab.machine.cma import cma_parameter

        return cma_parameter(options.cma, frames)
    pages = default if options.cma_pages is None else options.cma_pages
    return {} if pages is None else {"cma_pages": pages}
