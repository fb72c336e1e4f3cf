"""What a machine's state says: blockers, owners, density, and comparisons with running kernels."""
