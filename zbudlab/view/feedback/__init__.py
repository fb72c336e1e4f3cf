"""What a check of an exercise found, as HTML: the abilities, and the first mistake in pictures."""
