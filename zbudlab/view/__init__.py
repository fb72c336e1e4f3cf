"""Pictures. Nothing below draws, and nothing here is needed to run a machine."""
