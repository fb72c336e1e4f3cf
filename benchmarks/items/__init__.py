"""What is measured, one module per mechanism; `benchmarks.item` defines an item."""
