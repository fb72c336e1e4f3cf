"""A step of a machine as one JSON object, and the picture that a browser makes of it."""
