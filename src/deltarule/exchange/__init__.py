"""Networks that travel: files of other tools, written and read."""
