"""Gold questions, measures and the benchmark of Wenyuan."""
