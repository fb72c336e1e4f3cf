"""A step of a machine as one JSON object, and the scripts that draw it in a browser."""
