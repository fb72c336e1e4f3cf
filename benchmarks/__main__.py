"""`python -m benchmarks`: our speed beside C's."""

import sys

from benchmarks.run import main

if __name__ == "__main__":
    sys.exit(main())
