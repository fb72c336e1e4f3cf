"""Small machines for the notebooks, one question each, and stopwatches."""
