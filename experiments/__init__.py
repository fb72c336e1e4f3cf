"""Questions asked of many machines: a TOML file, a table, a figure and a page of text each."""
