"""Training of the reader: gold pairs to examples, examples to batches, batches to weights."""
