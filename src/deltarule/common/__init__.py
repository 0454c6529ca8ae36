"""What every floor uses: errors, arrays of floats, pieces of HTML."""
