"""`python -m zbudlab`: the command line."""

import sys

from zbudlab.cli import main

if __name__ == "__main__":
    sys.exit(main())
