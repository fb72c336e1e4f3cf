"""What is measured, a module a mechanism; `benchmarks.item` says what an item is."""
