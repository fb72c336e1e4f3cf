"""Files, compressed streams and checks of plain values."""
