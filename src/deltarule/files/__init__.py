"""Files: written whole or not at all; JSON and numbers, checked part by part."""
