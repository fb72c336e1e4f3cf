"""Page content and its compression. Nothing here depends on a machine."""
