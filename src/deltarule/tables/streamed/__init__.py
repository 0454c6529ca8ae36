"""Raw tables that may be larger than the memory: what their columns mean, and their rows as X, part by part."""
