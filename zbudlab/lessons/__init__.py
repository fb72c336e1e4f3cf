"""Small machines for the notebooks, one per question, and timers."""
