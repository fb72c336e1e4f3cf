"""Questions asked of a machine, and answers compared with a running kernel's."""
