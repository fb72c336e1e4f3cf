"""Findings: questions asked of many machines, each with a sweep, a table, a figure and a page."""
