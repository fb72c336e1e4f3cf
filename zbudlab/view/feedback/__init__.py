"""The findings of an exercise's check as HTML: abilities, and the first mistake in pictures."""
