"""The common look of all drawings: tokens, style sheets, and shared drawing code."""
