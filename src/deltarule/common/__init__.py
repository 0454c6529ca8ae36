"""Code that every other package uses: errors, messages, arrays of floats, pieces of HTML."""
