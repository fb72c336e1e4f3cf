"""Operation traces: read, run through the engine, compared with what the kernel's code did."""
