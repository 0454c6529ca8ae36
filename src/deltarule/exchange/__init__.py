"""Networks of other tools: files of theirs read, and files for them written."""
