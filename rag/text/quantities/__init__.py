"""Numbers in the words of a text, quantities with their units, and ranges of these."""
