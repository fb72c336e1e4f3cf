"""`python -m benchmarks`: our speed beside C's."""

from benchmarks.run import main

if __name__ == "__main__":
    main()
