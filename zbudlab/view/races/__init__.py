"""Drawings of schedules and of graphs of states, as SVG in the page's tokens."""
