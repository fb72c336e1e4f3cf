"""Page content and what compressors make of it. Nothing here knows a machine."""
