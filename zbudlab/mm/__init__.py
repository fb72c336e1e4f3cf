"""The kernel's mechanisms, compiled. Files and functions have the names they have in Linux."""
