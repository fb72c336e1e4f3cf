"""Measurements of the engine beside C that does the same; `python -m benchmarks.run`."""
