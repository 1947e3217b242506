"""Files to a generation: walk, split, build, reuse, watch, repair."""
