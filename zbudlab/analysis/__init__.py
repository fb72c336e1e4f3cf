"""Analyse a machine's state: blockers, owners, density; compare it with running kernels."""
